package org.samtf.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.inspect.Inspection;
import org.samtf.model.LoadedModel;
import org.samtf.model.ModelLoader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what is in a model. */
@Command(
    name = "inspect",
    description = {
      "Say what is in a model: signatures, variables with the norms of their values, ops, what",
      "it does besides computing, and what can be trained through its outputs."
    },
    mixinStandardHelpOptions = true)
public final class InspectCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "PATH",
      required = true,
      description = {
        "The directory of a SavedModel, or the file of a graph: .pb, .pbtxt or .meta. It stays as it",
        "is. What a SavedModel says is to be run first is not run."
      })
  private Path model;

  @Option(
      names = "--tags",
      paramLabel = "TAG",
      split = ",",
      defaultValue = "serve",
      description = "The tags of the graph in a SavedModel (default: ${DEFAULT-VALUE}).")
  private List<String> tags;

  @Option(
      names = "--training",
      description = {
        "Look at the functions, too, that a SavedModel of Keras 2 or TensorFlow 2 holds as they were",
        "traced with training=True."
      })
  private boolean training;

  @Mixin private SideEffectsOption sideEffects;

  @Override
  public Integer call() throws IOException {
    PrintWriter writer = spec.commandLine().getOut();
    if (!Files.exists(model)) {
      throw new InputException(
          "there is no model at " + model, "a directory or a file", "correct --model");
    }
    boolean isSavedModel = Files.isDirectory(model);
    ModelLoader loader = new ModelLoader();
    if (isSavedModel) {
      loader = sideEffects.loader(model).tags(tags.toArray(new String[0])).withoutInitializers();
      if (training) {
        loader.training();
      }
    } else if (sideEffects.allows()) {
      loader.allowSideEffects();
    }
    try (LoadedModel loaded = isSavedModel ? loader.load(model) : loader.loadGraphDef(model)) {
      if (isSavedModel) {
        List<String> effects = loader.sideEffects(model);
        effects.forEach(effect -> writer.println("besides computing: " + effect));
        writer.print(effects.isEmpty() ? "" : System.lineSeparator());
      }
      if (!loaded.opsLeftOut().isEmpty()) {
        writer.println("left out, as nothing needs it: " + String.join(", ", loaded.opsLeftOut()));
        writer.println();
      }
      writer.print(new Inspection(loaded, isSavedModel).all());
      writer.flush();
      return ExitCode.OK;
    } catch (IllegalArgumentException e) {
      throw new InputException(
          String.valueOf(e.getMessage()),
          "a SavedModel, or the graph of one",
          "see the documentation of saved models for what can be loaded");
    }
  }
}
