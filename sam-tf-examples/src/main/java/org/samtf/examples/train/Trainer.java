package org.samtf.examples.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.samtf.examples.checkpoint.Checkpointed;
import org.samtf.examples.checkpoint.GraphVariables;
import org.samtf.examples.checkpoint.Position;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.files.DurableFiles;
import org.samtf.examples.model.Network;
import org.samtf.examples.model.OpenNetwork;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Trains a network; keeps its graph and session until it is closed. */
public final class Trainer implements AutoCloseable {

  private final DataSet data;
  private final TrainingSettings settings;
  private final OpenNetwork open;
  private final Graph graph;
  private final Network network;
  private final Machines machines;
  private final Optional<ShardVariables.Input> input;

  /** On several machines. */
  private final Optional<UpdateCount> updates;

  /** Whether a step that was not counted has changed nothing. */
  private final boolean isCountProof;

  private final TrainingStep step;
  private final Evaluated evaluated;
  private final DataOrder order;
  private final TrainingRecord record;
  private final StepClock clock = new StepClock();
  private final float sharpnessRho;
  private Session session;
  private SharpnessMeter meter;

  /** Whether a step has begun that has not come to its end. */
  private boolean isInStep;

  /** After how many steps the statistics of batch normalisation were collected for averages. */
  private long statisticsOf = -1;

  /**
   * Builds network and the train op that the settings ask for, for the devices that TensorFlow
   * chooses, and gives the weights their initial values.
   *
   * @param data what to train on
   * @param settings how to train
   * @param sharpnessRho radius at which {@link #sharpness} measures
   */
  public Trainer(DataSet data, TrainingSettings settings, float sharpnessRho) {
    this(data, settings, sharpnessRho, TrainingStep::write, ConfigProto.getDefaultInstance());
  }

  /**
   * Builds network and train op for the devices that TensorFlow chooses, and gives the weights
   * their initial values.
   *
   * @param data what to train on
   * @param settings how to train
   * @param sharpnessRho radius at which {@link #sharpness} measures
   * @param writer what writes the train op
   */
  public Trainer(DataSet data, TrainingSettings settings, float sharpnessRho, StepWriter writer) {
    this(data, settings, sharpnessRho, writer, ConfigProto.getDefaultInstance());
  }

  /**
   * Builds network and train op, and gives the weights their initial values.
   *
   * @param data what to train on
   * @param settings how to train
   * @param sharpnessRho radius at which {@link #sharpness} measures
   * @param writer what writes the train op
   * @param config of the session
   */
  public Trainer(
      DataSet data,
      TrainingSettings settings,
      float sharpnessRho,
      StepWriter writer,
      ConfigProto config) {
    this(data, settings, sharpnessRho, writer, Machines.here(config));
  }

  /**
   * Builds network and train op, and gives the weights their initial values.
   *
   * @param data what to train on
   * @param settings how to train; on several machines the batch is cut in as many parts
   * @param sharpnessRho radius at which {@link #sharpness} measures
   * @param machines what to compute on
   */
  public Trainer(DataSet data, TrainingSettings settings, float sharpnessRho, Machines machines) {
    this(data, settings, sharpnessRho, TrainingStep::write, machines);
  }

  private Trainer(
      DataSet data,
      TrainingSettings settings,
      float sharpnessRho,
      StepWriter writer,
      Machines machines) {
    if (settings.batchSize() < 1 || settings.batchSize() > data.train().size()) {
      throw new IllegalArgumentException(
          "batch size is " + settings.batchSize() + "; expected 1 to " + data.train().size());
    }
    this.data = data;
    this.settings = settings;
    this.sharpnessRho = sharpnessRho;
    this.machines = machines;
    order =
        new DataOrder(data.train().size(), settings.batchSize(), settings.seed(), machines.count());
    record = new TrainingRecord(order.batchesPerEpoch());
    List<String> devices = devices(settings);
    open =
        settings
            .architecture()
            .open(data, settings.seed(), machines.config(devices), machines.homes(devices));
    graph = open.graph();
    network = open.network();
    try {
      input = machines.input(graph, data.train());
      updates = machines.countUpdates(graph);
      step =
          input
              .map(in -> onMachines(in, updates.orElseThrow()))
              .orElseGet(() -> writer.write(graph, network, settings, stepsInAll()));
      isCountProof = updates.map(count -> count.precedesAllOf(step.op())).orElse(false);
      evaluated = new Evaluated(network, step.average());
      session = open.session().orElseGet(() -> machines.open(graph, devices(settings), input));
    } catch (RuntimeException e) {
      open.close();
      throw settings.architecture().explained(e);
    }
    try {
      network.initialize(session);
    } catch (RuntimeException e) {
      close();
      throw settings.architecture().explained(e);
    }
  }

  private TrainingStep onMachines(ShardVariables.Input in, UpdateCount count) {
    return TrainingStep.write(graph, network, settings, stepsInAll(), in.parts(), count::around);
  }

  private static List<String> devices(TrainingSettings settings) {
    return settings.sam().map(sam -> sam.cut().devices()).orElse(List.of());
  }

  /**
   * Returns all state that training changes, for checkpoints: whoever adds a part with state adds
   * it here.
   *
   * @return the parts
   * @throws IllegalStateException if the graph has state that cannot be saved
   */
  public List<Checkpointed> state() {
    try {
      return List.of(new SavedVariables(), order, record, clock);
    } catch (IllegalStateException e) {
      throw settings.architecture().explained(e);
    }
  }

  /**
   * Trains from the state as it is, at first with the initial weights, to the end of the last
   * epoch.
   *
   * @param listener told of steps and epochs
   * @return what came out
   * @throws DivergenceException if the loss is no longer finite
   * @throws DeviceMemoryException if a device has too little memory
   */
  public TrainingResult train(TrainingListener listener) {
    while (record.epochsDone() < settings.epochs()) {
      if (order.epochIsOver()) {
        endEpoch(listener);
      } else {
        listener.step(step(listener.measures()));
      }
      listener.safePoint(record.steps());
    }
    Evaluation train = evaluate(data.train(), () -> listener.safePoint(record.steps()));
    return new TrainingResult(
        record.epochs(), train, clock.medianMillis(), record.secondPassShare(), record.skipped());
  }

  /** Nothing has changed since the epoch began, and nothing will. */
  private void requireChange() {
    if (record.hasSkippedAllOfEpoch()) {
      throw new DivergenceException(
          record.epoch(), "all of its steps were skipped, as a gradient was not finite", null);
    }
  }

  private void endEpoch(TrainingListener listener) {
    requireChange();
    Runnable safePoint = () -> listener.safePoint(record.steps());
    Evaluation validation = evaluate(data.validation(), safePoint);
    EpochResult result = record.endEpoch(validation, evaluate(data.test(), safePoint));
    order.startEpoch();
    listener.epoch(record.steps(), result);
  }

  /**
   * Trains through all images once, in a new order, and evaluates nothing.
   *
   * @return mean over the steps of the loss that each had before it
   * @throws DivergenceException if the loss is no longer finite
   * @throws DeviceMemoryException if a device has too little memory
   */
  public double epoch() {
    do {
      step(false);
    } while (!order.epochIsOver());
    requireChange();
    order.startEpoch();
    return record.endEpoch(Evaluation.NONE, Evaluation.NONE).batchLoss();
  }

  private StepResult step(boolean measures) {
    int epoch = record.epoch();
    isInStep = true;
    try (Fed fed = nextFed()) {
      long start = System.nanoTime();
      Session.Runner runner = fed.runner().addTarget(step.op()).fetch(step.loss());
      if (measures) {
        step.measures().forEach(runner::fetch);
      }
      step.active().ifPresent(runner::fetch);
      step.skipped().ifPresent(runner::fetch);
      StepResult measured;
      boolean hasSecondPass;
      boolean isSkipped;
      try (Result result = runner.run()) {
        measured = measured(epoch, result, measures);
        hasSecondPass = hasSecondPass(result);
        isSkipped = isSkipped(result);
      }
      isInStep = false;
      if (!isSkipped) {
        updates.ifPresent(UpdateCount::addTaken);
      }
      clock.add(System.nanoTime() - start);
      if (isSkipped) {
        record.addSkipped(hasSecondPass);
        return measured;
      }
      if (!Float.isFinite(measured.loss())) {
        throw new DivergenceException(epoch, "the loss is " + measured.loss(), null);
      }
      record.add(measured.loss(), hasSecondPass);
      return measured;
    } catch (TFInvalidArgumentException e) {
      throw Divergence.of(epoch, e);
    } catch (TFResourceExhaustedException e) {
      throw new DeviceMemoryException("a step", settings.batchSize(), settings.sam(), e);
    }
  }

  /** A run with the examples of a step, which are closed after it. */
  private record Fed(Session.Runner runner, AutoCloseable examples) implements AutoCloseable {
    @Override
    public void close() {
      try {
        examples.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e); // tensors throw none
      }
    }
  }

  /** The next batch; several machines have it themselves and get the numbers of the rows. */
  private Fed nextFed() {
    if (input.isEmpty()) {
      Batch batch = order.next(data.train(), network.format());
      return new Fed(feed(batch), batch);
    }
    TInt32 rows = TInt32.vectorOf(order.nextRows());
    return new Fed(session.runner().feed(input.get().rows(), rows), rows);
  }

  /** The last that was fetched says so, or the last but one. */
  private boolean hasSecondPass(Result result) {
    int last = result.size() - 1 - (step.skipped().isPresent() ? 1 : 0);
    return step.active().isPresent()
        ? ((TBool) result.get(last)).getBoolean()
        : settings.sam().isPresent();
  }

  /** The last that was fetched says so, if a step may be. */
  private boolean isSkipped(Result result) {
    return step.skipped().isPresent() && ((TBool) result.get(result.size() - 1)).getBoolean();
  }

  private StepResult measured(int epoch, Result result, boolean measures) {
    Optional<StepResult.SamMeasures> sam = Optional.empty();
    if (measures && settings.sam().isPresent()) {
      float rho = settings.sam().orElseThrow().rho();
      sam =
          Optional.of(
              new StepResult.SamMeasures(
                  scalar(result, 1), scalar(result, 2), scalar(result, 3), rho));
    }
    return new StepResult(record.steps() + 1, epoch, scalar(result, 0), sam);
  }

  private static float scalar(Result result, int index) {
    return ((TFloat32) result.get(index)).getFloat();
  }

  /**
   * Returns whether {@link #goOn} can tell if a step that has failed, as a machine was lost, has
   * changed anything.
   *
   * @return false if only a checkpoint helps
   */
  public boolean mayGoOn() {
    return isInStep && isCountProof;
  }

  /** Whether a step that was not counted has changed nothing. */
  boolean isCountProof() {
    return isCountProof;
  }

  Graph graph() {
    return graph;
  }

  /**
   * Goes on with the variables as they are: waits until all machines are there again, and takes the
   * step that has failed once more.
   *
   * @return false if the update of that step had begun, so that only a checkpoint helps
   * @throws org.samtf.cluster.LostTaskException if a machine is missing for too long
   */
  public boolean goOn() {
    machines.close(session);
    session = machines.reopen(graph, input.orElseThrow());
    if (updates.orElseThrow().hasStray(session)) {
      return false;
    }
    order.giveBack();
    isInStep = false;
    return true;
  }

  /**
   * All variables. A step that has failed may go on in TensorFlow's servers, and its update may
   * come late, into later ones. So nothing leaves this class before it is known that none has.
   */
  private final class SavedVariables implements Checkpointed {
    private final GraphVariables variables = new GraphVariables(graph, () -> session);

    @Override
    public String name() {
      return variables.name();
    }

    @Override
    public void save(Path directory) throws IOException {
      variables.save(directory);
      // An update is counted before it changes anything.
      updates.ifPresent(count -> count.requireNoStray(session));
    }

    @Override
    public void restore(Path directory) throws IOException {
      variables.restore(directory);
    }
  }

  /**
   * Returns how far training is.
   *
   * @return steps and epochs
   */
  public Position position() {
    return new Position(record.steps(), record.epochsDone());
  }

  /**
   * Returns what of a model from a file is trained.
   *
   * @return whether it is in training mode, in words; empty for a network of ours
   */
  public Optional<String> trainingMode() {
    return network.trainingMode();
  }

  /**
   * Returns how many steps all epochs have.
   *
   * @return the number
   */
  public long stepsInAll() {
    return (long) settings.epochs() * order.batchesPerEpoch();
  }

  /**
   * Returns how training went from outside.
   *
   * @return steps, time and resumptions so far
   */
  public TrainingTime time() {
    return new TrainingTime(record.steps(), record.seconds(), record.resumptions());
  }

  private Session.Runner feed(Batch batch) {
    return session
        .runner()
        .feed(network.images(), batch.images())
        .feed(network.labels(), batch.labels());
  }

  /**
   * Evaluates the network as it is now, at the averages of the weights if there are any.
   *
   * @param part on which images
   * @return accuracy and loss; not a number if there are no images
   */
  public Evaluation evaluate(LabeledImages part) {
    return evaluate(part, () -> {});
  }

  private Evaluation evaluate(LabeledImages part, Runnable betweenBatches) {
    double[] sums = {0, 0};
    try {
      collectStatistics(betweenBatches);
      Batches.inOrder(
          part,
          network.format(),
          Batches.EVALUATION_SIZE,
          batch -> {
            betweenBatches.run();
            Session.Runner runner = feed(batch).fetch(evaluated.correct()).fetch(evaluated.loss());
            try (Result result = runner.run()) {
              sums[0] += ((TInt32) result.get(0)).getInt();
              sums[1] += batch.size() * (double) scalar(result, 1);
            }
          });
    } catch (TFResourceExhaustedException e) {
      throw new DeviceMemoryException(
          "an evaluation", Batches.EVALUATION_SIZE, Optional.empty(), e);
    }
    return new Evaluation(sums[0] / part.size(), sums[1] / part.size());
  }

  /** Batch normalisation of averaged weights: they go through the training images once. */
  private void collectStatistics(Runnable betweenBatches) {
    long steps = record.steps();
    if (!evaluated.needsStatistics()
        || steps == statisticsOf
        || steps < settings.update().averaging().orElseThrow().firstStep(order.batchesPerEpoch())) {
      return;
    }
    session.run(evaluated.reset());
    Batches.inOrder(
        data.train(),
        network.format(),
        settings.batchSize(),
        batch -> {
          betweenBatches.run();
          if (batch.size() == settings.batchSize()) {
            feed(batch).addTarget(evaluated.add()).run().close();
          }
        });
    statisticsOf = steps;
  }

  /**
   * Measures sharpness at the weights as they are now: mean over the training images of L(w + eps)
   * - L(w), in batches of the training's size.
   *
   * @param listener has its safe points between the batches
   * @return the sharpness
   */
  public double sharpness(TrainingListener listener) {
    return sharpness(data.train(), settings.batchSize(), () -> listener.safePoint(record.steps()));
  }

  /**
   * Measures m-sharpness at the weights as they are now: mean over parts of m images of L(w + eps)
   * - L(w), where L is the mean over the part and eps is computed from it.
   *
   * @param images which images, in the order in which they are cut
   * @param partSize the m; a last part with fewer images counts by their number
   * @return the m-sharpness
   */
  public double sharpness(LabeledImages images, int partSize) {
    return sharpness(images, partSize, () -> {});
  }

  private double sharpness(LabeledImages images, int partSize, Runnable betweenBatches) {
    if (meter == null) {
      // Not before it is asked for: it is as much of a graph as the training is.
      double norm = settings.sam().map(SamSettings::norm).orElse(2.0);
      Optional<Float> adaptive = settings.sam().flatMap(SamSettings::adaptive);
      meter = new SharpnessMeter(graph, network, evaluated.loss(), sharpnessRho, norm, adaptive);
    }
    try {
      return meter.measure(session, images, partSize, betweenBatches);
    } catch (TFInvalidArgumentException e) {
      throw Divergence.of(Math.max(1, record.epochsDone()), e);
    }
  }

  /**
   * Writes the network as a SavedModel, with the averages of the weights if there are any.
   *
   * @param directory where to
   * @throws IOException if it cannot be written
   */
  public void export(Path directory) throws IOException {
    try {
      if (input.isEmpty()) {
        ModelExport.write(graph, session, network, step, evaluated.values(), directory);
      } else {
        exportForOneMachine(directory);
      }
    } catch (IllegalArgumentException e) {
      throw settings.architecture().explained(e);
    }
  }

  /**
   * A model that names the machines could not be loaded without them: the same values, in a graph
   * for one machine, whose step has the same parts.
   */
  private void exportForOneMachine(Path directory) throws IOException {
    Path values = Files.createTempDirectory("sam-tf-export");
    SamSettings sam = settings.sam().orElseThrow();
    TrainingSettings alone = settings.with(sam.with(BatchCut.inParts(machines.count())));
    try (Trainer one = new Trainer(data, alone, sharpnessRho)) {
      new SavedVariables().save(values);
      new GraphVariables(one.graph, one.session).restore(values);
      one.export(directory);
    } finally {
      DurableFiles.deleteDirectory(values);
    }
  }

  /**
   * Writes the file that the network came from, with the weights that it has now.
   *
   * @param directory where to
   * @throws IOException if it cannot be written
   */
  public void handBack(Path directory) throws IOException {
    try {
      network.handBack(directory, evaluated.values());
    } catch (IllegalArgumentException e) {
      throw settings.architecture().explained(e);
    }
  }

  @Override
  public void close() {
    if (open.session().isEmpty()) {
      machines.close(session);
    }
    open.close();
  }
}
