package org.samtf.examples.job;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.samtf.cluster.Cluster;
import org.samtf.cluster.LostTaskException;
import org.samtf.examples.checkpoint.CheckpointDirectory;
import org.samtf.examples.checkpoint.Origin;
import org.samtf.examples.checkpoint.Position;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.events.EventFile;
import org.samtf.examples.events.JsonLog;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.LostMachineException;
import org.samtf.examples.failure.OneLine;
import org.samtf.examples.model.Pretrained;
import org.samtf.examples.signal.StopSignals;
import org.samtf.examples.train.DeviceChoice;
import org.samtf.examples.train.Machines;
import org.samtf.examples.train.StrayUpdateException;
import org.samtf.examples.train.Trainer;
import org.samtf.examples.train.TrainingListener;
import org.samtf.examples.train.TrainingResult;
import org.samtf.examples.train.TrainingSettings;
import org.samtf.examples.train.TrainingTime;

/** A training run that nobody needs to watch: it goes on where an earlier process has stopped. */
public final class TrainJob {

  private final DataSet data;
  private final TrainingSettings settings;
  private final Plan plan;
  private final Consumer<String> notices;

  /** Whether the last try of several machines has taken a step. */
  private boolean tookSteps;

  /** The newest loss that was told. */
  private LostTaskException told;

  /**
   * What a job does besides training.
   *
   * @param origin what it computes from
   * @param sharpnessRho radius at which sharpness is measured in the end
   * @param device what it computes on
   * @param checkpoints where the state is saved; empty for nowhere
   * @param watch what says how far it is
   * @param export where the SavedModel goes; empty for nowhere
   * @param several the machines that take part; empty for this one alone
   * @param handBack where the model that the network came from goes, with its new weights; empty
   *     for nowhere
   */
  public record Plan(
      Origin origin,
      float sharpnessRho,
      DeviceChoice device,
      Optional<Checkpoints> checkpoints,
      Watch watch,
      Optional<Path> export,
      Optional<Several> several,
      Optional<Path> handBack) {}

  /**
   * Several machines.
   *
   * @param cluster which they are
   * @param machines the same, with what they have read
   * @param waits whether to wait for one that is lost and go on from the newest checkpoint;
   *     otherwise the job ends
   */
  public record Several(Cluster cluster, Machines machines, boolean waits) {}

  /**
   * How the state is saved.
   *
   * @param directory where to
   * @param every how often
   * @param keep how many are kept, the newest
   * @param resume whether to go on from the newest
   */
  public record Checkpoints(Path directory, Interval every, int keep, boolean resume) {}

  /**
   * What says how far a job is.
   *
   * @param progress how often a line comes where there is no terminal
   * @param events directory of event files for TensorBoard; empty for none
   * @param log file for the JSON lines; empty for none
   * @param logEvery how many steps from one that events and log have to the next
   */
  public record Watch(Interval progress, Optional<Path> events, Optional<Path> log, int logEvery) {}

  /**
   * What a job has come to.
   *
   * @param result what training came to
   * @param sharpness at the end
   * @param time steps, time and resumptions
   * @param trainingMode whether a model from a file is trained in training mode, in words
   */
  public record Outcome(
      TrainingResult result, double sharpness, TrainingTime time, Optional<String> trainingMode) {}

  /**
   * Prepares a job.
   *
   * @param data what to train on
   * @param settings how to train
   * @param plan what to do besides
   * @param notices told one line of whatever is worth knowing, from any thread
   */
  public TrainJob(DataSet data, TrainingSettings settings, Plan plan, Consumer<String> notices) {
    this.data = data;
    this.settings = settings;
    this.plan = plan;
    this.notices = notices;
  }

  /**
   * Does the job.
   *
   * @return what came out
   * @throws StoppedException if a signal has asked for it
   * @throws InputException if checkpoints are not of this job
   * @throws org.samtf.examples.failure.OutputException if something cannot be written
   * @throws LostMachineException if a machine is lost, and not to be waited for
   */
  public Outcome run() {
    boolean resume = plan.checkpoints().map(Checkpoints::resume).orElse(false);
    if (plan.several().isEmpty()) {
      return run(resume);
    }
    Several several = plan.several().get();
    boolean wasSilent = false;
    while (true) {
      boolean again = resume;
      tookSteps = false;
      try {
        return several.cluster().run(() -> run(again));
      } catch (LostTaskException e) {
        boolean isSilent = e.tasks().isEmpty();
        if (!several.waits() || stillMissing(e) || isSilent && wasSilent && !tookSteps) {
          throw new LostMachineException(
              e,
              isSilent
                  ? "raise --step-timeout"
                  : "start it, and this command with --resume, if there are checkpoints");
        }
        wasSilent = isSilent;
        sayWaiting(e);
        resume = true;
      } catch (StrayUpdateException e) {
        if (told == null || !several.waits()) {
          throw e;
        }
        told = null;
        notices.accept(e.getMessage() + "; going back to the newest checkpoint");
        resume = true;
      }
    }
  }

  private void sayWaiting(LostTaskException e) {
    if (e != told) {
      notices.accept(OneLine.of(e.getMessage()) + "; waiting for it");
      told = e;
    }
  }

  /** At a start, TensorFlow has waited for it already. */
  private static boolean stillMissing(LostTaskException e) {
    return e.getCause() == null;
  }

  private Outcome run(boolean resume) {
    if (plan.checkpoints().isEmpty()) {
      try (Trainer trainer = trainer()) {
        return run(trainer, Optional.empty(), false);
      }
    }
    Checkpoints checkpoints = plan.checkpoints().get();
    try (StopSignals signals = StopSignals.take(notices);
        CheckpointDirectory directory =
            CheckpointDirectory.open(checkpoints.directory(), checkpoints.keep())) {
      if (!resume && !directory.isEmpty()) {
        throw new InputException(
            "--checkpoints " + checkpoints.directory() + " has checkpoints",
            "none, or --resume",
            "add --resume to go on from them, or choose another path");
      }
      try (Trainer trainer = trainer()) {
        Checkpointer checkpointer =
            new Checkpointer(directory, checkpoints.every(), plan.origin(), trainer, signals);
        boolean resumed = resume && resume(checkpointer, trainer);
        return run(trainer, Optional.of(checkpointer), resumed);
      }
    }
  }

  private Trainer trainer() {
    Machines machines =
        plan.several()
            .map(Several::machines)
            .orElseGet(() -> Machines.here(plan.device().config()));
    return new Trainer(data, settings, plan.sharpnessRho(), machines);
  }

  private boolean resume(Checkpointer checkpointer, Trainer trainer) {
    Optional<Position> position = checkpointer.resume(notices);
    if (position.isEmpty()) {
      notices.accept("no checkpoint yet: starting from the beginning");
      return false;
    }
    if (trainer.position().epochs() > settings.epochs()) {
      throw new InputException(
          "--epochs is " + settings.epochs() + ", and the checkpoint is of a longer run",
          "at least the " + trainer.position().epochs() + " epochs that are done",
          "give more, or another --checkpoints to start anew");
    }
    notices.accept("resumed after " + position.get() + " of " + trainer.stepsInAll());
    return true;
  }

  private Outcome run(Trainer trainer, Optional<Checkpointer> checkpointer, boolean resumed) {
    boolean finished = resumed && trainer.position().epochs() == settings.epochs();
    List<ModelDirectory> models = models(trainer);
    models.removeIf(model -> finished && model.isFinished());
    models.forEach(ModelDirectory::clear);
    if (settings.architecture() instanceof Pretrained) {
      // Not every model can be written again.
      models.forEach(ModelDirectory::tryOut);
    }
    Watch watch = plan.watch();
    long taken = trainer.position().step();
    try (JsonLog log =
            watch
                .log()
                .map(
                    f ->
                        JsonLog.open(
                            f,
                            plan.origin().job(),
                            taken,
                            trainer.position().epochs(),
                            watch.logEvery()))
                .orElse(null);
        EventFile events =
            watch.events().map(d -> EventFile.create(d, taken, watch.logEvery())).orElse(null);
        ProgressReport progress = progress(trainer)) {
      List<TrainingListener> all = new ArrayList<>();
      Optional.ofNullable(log).ifPresent(all::add);
      Optional.ofNullable(events).ifPresent(all::add);
      all.add(progress);
      checkpointer.ifPresent(all::add);
      try {
        TrainingListener listener = new Listeners(all);
        return run(trainer, listener, checkpointer, models, log);
      } catch (RuntimeException e) {
        logStop(log, trainer, e);
        throw e;
      } finally {
        tookSteps = trainer.position().step() > taken;
      }
    }
  }

  private List<ModelDirectory> models(Trainer trainer) {
    List<ModelDirectory> models = new ArrayList<>();
    plan.export()
        .ifPresent(to -> models.add(new ModelDirectory("--export", to, trainer::export, Set.of())));
    if (settings.architecture() instanceof Pretrained loaded) {
      plan.handBack()
          .ifPresent(
              to ->
                  models.add(
                      new ModelDirectory("--hand-back", to, trainer::handBack, loaded.parts())));
    }
    return models;
  }

  private ProgressReport progress(Trainer trainer) {
    return new ProgressReport(
        plan.watch().progress(),
        notices,
        trainer.position().step(),
        trainer.stepsInAll(),
        settings.epochs(),
        settings.batchSize());
  }

  private Outcome run(
      Trainer trainer,
      TrainingListener listener,
      Optional<Checkpointer> checkpointer,
      List<ModelDirectory> models,
      JsonLog log) {
    TrainingResult result =
        plan.several()
            .map(several -> train(several, trainer, listener))
            .orElseGet(() -> trainer.train(listener));
    checkpointer.ifPresent(Checkpointer::save);
    double sharpness = trainer.sharpness(listener);
    checkpointer.ifPresent(saving -> saving.atEnd(trainer.position().step()));
    models.forEach(ModelDirectory::write);
    if (log != null) {
      log.end(
          trainer.position().step(),
          Map.of(
              "test_accuracy", result.last().test().accuracy(),
              "validation_accuracy", result.last().validation().accuracy(),
              "training_loss", result.train().loss(),
              "second_pass_share", result.secondPassShare(),
              "skipped_steps", result.skippedSteps(),
              "sharpness", sharpness));
    }
    return new Outcome(result, sharpness, trainer.time(), trainer.trainingMode());
  }

  /**
   * Trains on several machines. If one is lost in a step that has changed nothing, training goes on
   * from the weights as they are; whether it has is known if the update had not begun, and nothing
   * of the step goes on.
   */
  private TrainingResult train(Several several, Trainer trainer, TrainingListener listener) {
    long lostAt = -1;
    while (true) {
      try {
        return several.cluster().run(() -> trainer.train(listener));
      } catch (LostTaskException e) {
        long step = trainer.position().step();
        if (!several.waits() || step == lostAt || !trainer.mayGoOn()) {
          throw e;
        }
        lostAt = step;
        sayWaiting(e);
        if (!trainer.goOn()) {
          notices.accept("its update had begun: going back to the newest checkpoint");
          throw e;
        }
        notices.accept("going on after step " + step + " from the weights in memory");
      }
    }
  }

  private static void logStop(JsonLog log, Trainer trainer, RuntimeException failure) {
    if (log == null) {
      return;
    }
    try {
      log.stop(trainer.position().step(), String.valueOf(failure.getMessage()));
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
