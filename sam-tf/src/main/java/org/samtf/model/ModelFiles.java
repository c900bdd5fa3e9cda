package org.samtf.model;

import com.google.protobuf.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.samtf.internal.flat.FixedShapes;
import org.samtf.internal.flat.FlatModel;
import org.samtf.internal.flat.FrozenWeights;
import org.samtf.internal.flat.ModelFunctions;
import org.samtf.internal.flat.OldOps;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.Protos;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;

/** Models in files, and how TensorFlow gets them: not before they have been looked through. */
final class ModelFiles {

  private static final String GRAPH_TAG = SavedModelBundle.DEFAULT_TAG;
  private static final String ASSETS = "assets";
  private static final String VARIABLES_INDEX = "variables/variables.index";

  private ModelFiles() {}

  /**
   * Loads a SavedModel.
   *
   * @param allowsSideEffects whether it may have ops that reach out of the process
   * @param runsInitializers whether what it says is to be run first is run
   * @param isForTraining whether to take its functions in training mode, too
   * @param shapes of inputs, by the keys of signatures and the names of the inputs
   * @param settings what TensorFlow's loader is set to
   */
  static ModelFile load(
      Path directory,
      boolean allowsSideEffects,
      boolean runsInitializers,
      boolean isForTraining,
      Map<String, Map<String, Shape>> shapes,
      UnaryOperator<SavedModelBundle.Loader> settings,
      String... tags) {
    String name = "model " + directory;
    String[] wanted = orDefault(tags);
    Message whole = metaGraph(name, directory, tags);
    CheckedGraph checked = CheckedGraph.of(name, whole, allowsSideEffects);
    Message metaGraph = checked.metaGraph;
    try {
      metaGraph = FixedShapes.in(metaGraph, shapes);
      metaGraph = isForTraining ? ModelFunctions.withTraining(metaGraph) : metaGraph;
    } catch (IllegalArgumentException e) {
      throw cannotBeLoaded(name, e);
    }
    ModelFile file;
    if (FlatModel.isNeeded(metaGraph)) {
      file = flat(name, metaGraph, directory, runsInitializers, settings, wanted);
    } else if (OldOps.areIn(metaGraph) || metaGraph != whole || !runsInitializers) {
      Message first = runsInitializers ? metaGraph : Initializers.without(metaGraph);
      file =
          ModelFile.of(
              loadCopy(
                  name,
                  OldOps.renewed(first),
                  directory,
                  List.of("variables", ASSETS),
                  settings,
                  wanted));
    } else {
      file = ModelFile.of(loadChecked(name, directory, settings, wanted));
    }
    // TensorFlow loads a model without its variables silently, and fails when they are first read.
    if (!VariableValues.of(file.bundle.graph()).isEmpty()
        && !Files.isRegularFile(directory.resolve(VARIABLES_INDEX))) {
      file.bundle.close();
      throw new IllegalArgumentException(
          name + " has variables, but no " + VARIABLES_INDEX + "; give the whole SavedModel");
    }
    return file.leavingOut(checked.leftOut);
  }

  private static String[] orDefault(String... tags) {
    return tags.length == 0 ? new String[] {SavedModelBundle.DEFAULT_TAG} : tags;
  }

  /** The graph of a SavedModel that has some tags. */
  static Message metaGraph(String name, Path directory, String... tags) {
    try {
      return SavedModelFile.read(name, directory, orDefault(tags));
    } catch (IOException e) {
      throw cannotBeLoaded(name, e);
    }
  }

  /**
   * What a SavedModel does besides computing.
   *
   * @return a line for each kind; empty if it only computes
   */
  static List<String> sideEffects(Path directory, String... tags) {
    Message metaGraph = metaGraph("model " + directory, directory, tags);
    return SideEffects.lines(CheckedGraph.without(SideEffects.idleSavers(metaGraph), metaGraph));
  }

  /** Whether a SavedModel holds functions that were traced in training mode. */
  static boolean hasTraining(Path directory, String... tags) {
    String name = "model " + directory;
    try {
      return ModelFunctions.hasTraining(metaGraph(name, directory, tags));
    } catch (IllegalArgumentException e) {
      throw cannotBeLoaded(name, e);
    }
  }

  /** Loads a GraphDef. */
  static ModelFile loadGraphDef(
      Path file, boolean allowsSideEffects, UnaryOperator<SavedModelBundle.Loader> settings)
      throws IOException {
    String name = "GraphDef " + file;
    CheckedGraph checked = graphOf(name, file, allowsSideEffects);
    Message metaGraph = checked.metaGraph;
    if (FlatModel.isNeeded(metaGraph)) {
      return flat(name, metaGraph, null, true, settings, GRAPH_TAG).leavingOut(checked.leftOut);
    }
    // As a SavedModel without variables: TF-Java's import would take each op whose name starts with
    // "Init" for an initializer, and run it before the first step, over what was restored.
    return ModelFile.of(
            loadCopy(name, OldOps.renewed(metaGraph), null, List.of(), settings, GRAPH_TAG))
        .leavingOut(checked.leftOut);
  }

  /** Loads a GraphDef with variables in the place of constants. */
  static ModelFile thaw(
      Path file,
      boolean allowsSideEffects,
      UnaryOperator<SavedModelBundle.Loader> settings,
      String... patterns)
      throws IOException {
    String name = "GraphDef " + file;
    CheckedGraph checked = graphOf(name, file, allowsSideEffects);
    Message metaGraph = OldOps.renewed(checked.metaGraph);
    FrozenWeights thawed;
    try {
      thawed = FrozenWeights.thaw(metaGraph, patterns);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " cannot be thawed: " + Messages.firstLine(e), e);
    }
    return ModelFile.of(
            loadCopy(name, thawed.in(metaGraph), null, List.of(), settings, GRAPH_TAG),
            thawed.assignments())
        .leavingOut(checked.leftOut);
  }

  private static CheckedGraph graphOf(String name, Path file, boolean allowsSideEffects)
      throws IOException {
    byte[] bytes;
    try {
      bytes = read(file);
    } catch (IOException e) {
      throw FileErrors.explained(name + " cannot be read", e);
    }
    Message metaGraph;
    try {
      metaGraph = GraphFile.read(file, bytes, GRAPH_TAG);
    } catch (IOException e) {
      throw cannotBeLoaded(name, e);
    }
    ModelLimits.check(name, metaGraph);
    return CheckedGraph.of(name, metaGraph, allowsSideEffects);
  }

  private static ModelFile flat(
      String name,
      Message metaGraph,
      Path directory,
      boolean runsInitializers,
      UnaryOperator<SavedModelBundle.Loader> settings,
      String... tags) {
    FlatModel flat;
    try {
      flat = FlatModel.of(metaGraph);
    } catch (IllegalArgumentException e) {
      throw cannotBeLoaded(name, e);
    }
    Message first = runsInitializers ? flat.metaGraph() : Initializers.without(flat.metaGraph());
    return new ModelFile(loadCopy(name, first, directory, List.of(ASSETS), settings, tags), flat);
  }

  /**
   * Loads another graph.
   *
   * @param original the directory of a SavedModel
   * @param parts what of that belongs to the other graph, too
   */
  private static SavedModelBundle loadCopy(
      String name,
      Message metaGraph,
      Path original,
      List<String> parts,
      UnaryOperator<SavedModelBundle.Loader> settings,
      String... tags) {
    try {
      Path directory = Files.createTempDirectory("samtf-graph");
      List<Path> files = new ArrayList<>();
      try {
        files.add(directory.resolve(SavedModelFile.BINARY));
        Files.write(files.get(0), Protos.savedModelOf(metaGraph).toByteArray());
        for (String part : original == null ? List.<String>of() : parts) {
          Path there = original.resolve(part).toAbsolutePath();
          if (Files.isDirectory(there)) {
            files.add(Files.createSymbolicLink(directory.resolve(part), there));
          }
        }
        return loadChecked(name, directory, settings, tags);
      } finally {
        for (Path file : files) {
          Files.deleteIfExists(file);
        }
        Files.delete(directory);
      }
    } catch (IOException e) {
      throw cannotBeLoaded(name, FileErrors.explained("a copy of it cannot be written", e));
    }
  }

  /** All bytes of a file. */
  static byte[] read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + " is no file");
    }
    if (Files.size(file) > Integer.MAX_VALUE - 8) {
      throw new IOException(file + " has more than 2 GB");
    }
    return Files.readAllBytes(file);
  }

  private static SavedModelBundle loadChecked(
      String name,
      Path directory,
      UnaryOperator<SavedModelBundle.Loader> settings,
      String... tags) {
    try {
      return settings.apply(SavedModelBundle.loader(directory.toString()).withTags(tags)).load();
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw cannotBeLoaded(name, e);
    }
  }

  private static IllegalArgumentException cannotBeLoaded(String name, Exception e) {
    return new IllegalArgumentException(name + " cannot be loaded: " + Messages.firstLine(e), e);
  }
}
