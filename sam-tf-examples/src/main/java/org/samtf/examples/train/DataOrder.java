package org.samtf.examples.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.samtf.examples.checkpoint.Checkpointed;
import org.samtf.examples.checkpoint.Position;
import org.samtf.examples.checkpoint.StateFile;
import org.samtf.examples.data.ImageFormat;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.data.Shards;
import org.samtf.examples.random.RandomStreams;

/**
 * The order in which training goes through the images: a new random one in every epoch, which the
 * seed and the number of the epoch decide.
 *
 * <p>What is left over after the last whole batch of an epoch is dropped: a smaller batch would
 * count more in its step and spoil the statistics of batch normalisation. The order is new in every
 * epoch, so no image is left out for good.
 *
 * <p>If several machines have the images, each has an order of its own, and a batch has as many
 * images of each: those of the first machine, then of the second.
 */
final class DataOrder implements Checkpointed {

  /** The rows of each machine, in its order. */
  private final int[][] orders;

  private final int perMachine;
  private final int batchesPerEpoch;
  private final long seed;
  private int epoch;
  private int batchesTaken;

  DataOrder(int images, int batchSize, long seed) {
    this(images, batchSize, seed, 1);
  }

  DataOrder(int images, int batchSize, long seed, int machines) {
    if (batchSize % machines != 0) {
      throw new IllegalArgumentException(
          "batches of " + batchSize + " for " + machines + " machines");
    }
    orders = new int[machines][];
    for (int i = 0; i < machines; i++) {
      orders[i] = new int[Shards.size(images, i, machines)];
    }
    perMachine = batchSize / machines;
    batchesPerEpoch = images / machines / perMachine;
    this.seed = seed;
    shuffle(1);
  }

  /** Shuffles for the next epoch. */
  void startEpoch() {
    shuffle(epoch + 1);
  }

  private void shuffle(int forEpoch) {
    epoch = forEpoch;
    batchesTaken = 0;
    for (int i = 0; i < orders.length; i++) {
      String machine = orders.length == 1 ? "" : " of machine " + i + " of " + orders.length;
      shuffle(orders[i], RandomStreams.of(seed, "order of epoch " + epoch + machine));
    }
  }

  private static void shuffle(int[] order, Random random) {
    Arrays.setAll(order, i -> i);
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
  }

  int batchesPerEpoch() {
    return batchesPerEpoch;
  }

  boolean epochIsOver() {
    return batchesTaken == batchesPerEpoch();
  }

  /** The next batch of the epoch, to be closed. */
  Batch next(LabeledImages images, ImageFormat format) {
    int[] places = nextRows();
    for (int i = 0; i < places.length; i++) {
      places[i] = Shards.place(places[i], i / perMachine, orders.length);
    }
    return Batch.of(images, format, places, 0, places.length);
  }

  /** The rows of the next batch of the epoch, each among those of its machine. */
  int[] nextRows() {
    int from = batchesTaken++ * perMachine;
    return Arrays.stream(orders)
        .flatMapToInt(order -> Arrays.stream(order, from, from + perMachine))
        .toArray();
  }

  /** Gives the newest batch of the epoch back: it is the next again. */
  void giveBack() {
    if (batchesTaken == 0) {
      throw new IllegalStateException("no batch of the epoch was taken");
    }
    batchesTaken--;
  }

  private record State(int epoch, int batchesTaken) {}

  @Override
  public String name() {
    return "order";
  }

  @Override
  public void save(Path directory) throws IOException {
    StateFile.write(directory, name(), new State(epoch, batchesTaken));
  }

  @Override
  public void restore(Path directory) throws IOException {
    State state = StateFile.read(directory, name(), State.class);
    if (state.epoch < 1) {
      throw new IOException("it is in epoch " + state.epoch);
    }
    if (state.batchesTaken < 0 || state.batchesTaken > batchesPerEpoch()) {
      throw new IOException(state.batchesTaken + " batches of an epoch were taken");
    }
    shuffle(state.epoch);
    batchesTaken = state.batchesTaken;
  }

  @Override
  public void checkRestored(Position position) throws IOException {
    if (epoch != position.epochs() + 1L) {
      throw new IOException("it is in epoch " + epoch + " after " + position.epochs() + " epochs");
    }
    if (position.step() != (long) position.epochs() * batchesPerEpoch() + batchesTaken) {
      throw new IOException(batchesTaken + " batches of an epoch were taken at " + position);
    }
  }
}
