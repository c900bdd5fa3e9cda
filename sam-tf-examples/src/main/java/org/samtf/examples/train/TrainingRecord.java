package org.samtf.examples.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.samtf.examples.checkpoint.Checkpointed;
import org.samtf.examples.checkpoint.Position;
import org.samtf.examples.checkpoint.StateFile;

/** How far training is and what it has measured so far: all that the final report needs. */
final class TrainingRecord implements Checkpointed {

  private final List<EpochResult> epochs = new ArrayList<>();
  private final int stepsPerEpoch;
  private long steps;
  private int stepsOfEpoch;
  private double lossSumOfEpoch;
  private long secondPasses;
  private long skipped;
  private int skippedOfEpoch;
  private int resumptions;
  private double secondsBefore;
  private long startedAt = System.nanoTime();

  TrainingRecord(int stepsPerEpoch) {
    this.stepsPerEpoch = stepsPerEpoch;
  }

  /** How many steps have been taken, in all epochs. */
  long steps() {
    return steps;
  }

  /** The epoch that the next step is of, from 1. */
  int epoch() {
    return epochs.size() + 1;
  }

  int epochsDone() {
    return epochs.size();
  }

  List<EpochResult> epochs() {
    return List.copyOf(epochs);
  }

  /** How often training went on from a checkpoint. */
  int resumptions() {
    return resumptions;
  }

  /** Time that the processes have had, in which the steps were taken that count. */
  double seconds() {
    return secondsBefore + (System.nanoTime() - startedAt) / 1e9;
  }

  /** How many of the steps were skipped, as a gradient was not finite. */
  long skipped() {
    return skipped;
  }

  /** Whether no step of the epoch has changed anything. */
  boolean hasSkippedAllOfEpoch() {
    return stepsOfEpoch > 0 && skippedOfEpoch == stepsOfEpoch;
  }

  /** Share of the steps that had a second pass. */
  double secondPassShare() {
    return steps == 0 ? 0 : (double) secondPasses / steps;
  }

  void add(float loss, boolean hasSecondPass) {
    steps++;
    secondPasses += hasSecondPass ? 1 : 0;
    stepsOfEpoch++;
    lossSumOfEpoch += loss;
  }

  /** Counts a step that was skipped; its loss may be no number, and is not in the mean. */
  void addSkipped(boolean hasSecondPass) {
    add(0, hasSecondPass);
    skipped++;
    skippedOfEpoch++;
  }

  /** Ends the epoch. */
  EpochResult endEpoch(Evaluation validation, Evaluation test) {
    EpochResult result =
        new EpochResult(
            epoch(), lossSumOfEpoch / (stepsOfEpoch - skippedOfEpoch), validation, test);
    epochs.add(result);
    stepsOfEpoch = 0;
    skippedOfEpoch = 0;
    lossSumOfEpoch = 0;
    return result;
  }

  private record State(
      long steps,
      int stepsOfEpoch,
      double lossSumOfEpoch,
      long secondPasses,
      long skipped,
      int skippedOfEpoch,
      int resumptions,
      double seconds,
      List<EpochResult> epochs) {

    State {
      StateFile.require(steps >= 0, "steps", steps);
      StateFile.require(stepsOfEpoch >= 0 && stepsOfEpoch <= steps, "stepsOfEpoch", stepsOfEpoch);
      StateFile.require(Double.isFinite(lossSumOfEpoch), "lossSumOfEpoch", lossSumOfEpoch);
      StateFile.require(secondPasses >= 0 && secondPasses <= steps, "secondPasses", secondPasses);
      StateFile.require(skipped >= 0 && skipped <= steps, "skipped", skipped);
      StateFile.require(
          skippedOfEpoch >= 0 && skippedOfEpoch <= Math.min(skipped, stepsOfEpoch),
          "skippedOfEpoch",
          skippedOfEpoch);
      StateFile.require(resumptions >= 0, "resumptions", resumptions);
      StateFile.require(seconds >= 0 && Double.isFinite(seconds), "seconds", seconds);
      for (int i = 0; i < epochs.size(); i++) {
        EpochResult epoch = epochs.get(i);
        StateFile.require(epoch != null && epoch.epoch() == i + 1, "epochs[" + i + "]", epoch);
        StateFile.require(Double.isFinite(epoch.batchLoss()), "epochs[" + i + "]", epoch);
        requireShare("validation", epoch.validation().accuracy());
        requireShare("test", epoch.test().accuracy());
      }
    }

    /** Or not a number, where there are no images. */
    private static void requireShare(String of, double accuracy) {
      StateFile.require(!(accuracy < 0 || accuracy > 1), of + " accuracy", accuracy);
    }
  }

  @Override
  public String name() {
    return "record";
  }

  @Override
  public void save(Path directory) throws IOException {
    State state =
        new State(
            steps,
            stepsOfEpoch,
            lossSumOfEpoch,
            secondPasses,
            skipped,
            skippedOfEpoch,
            resumptions,
            seconds(),
            epochs());
    StateFile.write(directory, name(), state);
  }

  @Override
  public void restore(Path directory) throws IOException {
    State state = StateFile.read(directory, name(), State.class);
    steps = state.steps;
    stepsOfEpoch = state.stepsOfEpoch;
    lossSumOfEpoch = state.lossSumOfEpoch;
    secondPasses = state.secondPasses;
    skipped = state.skipped;
    skippedOfEpoch = state.skippedOfEpoch;
    resumptions = state.resumptions + 1;
    secondsBefore = state.seconds;
    startedAt = System.nanoTime();
    epochs.clear();
    epochs.addAll(state.epochs);
  }

  @Override
  public void checkRestored(Position position) throws IOException {
    if (steps != position.step()) {
      throw new IOException("steps is " + steps + ", and it is of " + position);
    }
    if (epochs.size() != position.epochs()) {
      throw new IOException("epochs has " + epochs.size() + ", and it is of " + position.epochs());
    }
    if (steps != (long) epochs.size() * stepsPerEpoch + stepsOfEpoch) {
      throw new IOException(
          "stepsOfEpoch is " + stepsOfEpoch + " after " + steps + " steps of " + stepsPerEpoch);
    }
  }
}
