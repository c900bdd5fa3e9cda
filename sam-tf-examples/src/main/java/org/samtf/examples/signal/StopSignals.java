package org.samtf.examples.signal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Takes the signals that ask a process to end, so that it can come to a good end: the first is only
 * noted, a second ends the process at once.
 *
 * <p>A shutdown hook would be no choice: while one runs, the JVM takes no second signal.
 */
public final class StopSignals implements AutoCloseable {

  private static final List<String> NAMES = List.of("TERM", "INT", "HUP");

  private record Replaced(Signal signal, SignalHandler handler) {}

  private final AtomicReference<StopSignal> requested = new AtomicReference<>();
  private final List<Replaced> replaced = new ArrayList<>();
  private final Consumer<String> notices;

  private StopSignals(Consumer<String> notices) {
    this.notices = notices;
  }

  /**
   * Starts to take SIGTERM, SIGINT and SIGHUP, but none that the process was started to ignore.
   *
   * @param notices told one line when a signal comes, in another thread
   * @return the signals, to be closed
   */
  public static StopSignals take(Consumer<String> notices) {
    StopSignals signals = new StopSignals(notices);
    signals.handleAll(signals::received);
    return signals;
  }

  /**
   * Lets SIGTERM, SIGINT and SIGHUP end the process at once, but for what has been asked for with
   * {@link Cleanup}; the JVM's own way can crash, see {@link StopSignal#endProcess}.
   */
  public static void endAtOnce() {
    new StopSignals(line -> {}).handleAll(signal -> end(StopSignal.of(signal)));
  }

  private void handleAll(SignalHandler handler) {
    for (String name : NAMES) {
      Signal signal = new Signal(name);
      try {
        SignalHandler before = Signal.handle(signal, handler);
        if (before == SignalHandler.SIG_IGN) {
          // As nohup does with SIGHUP.
          Signal.handle(signal, before);
        } else {
          replaced.add(new Replaced(signal, before));
        }
      } catch (IllegalArgumentException e) {
        // The JVM was told with -Xrs to leave signals alone.
        notices.accept("note: this JVM does not let SIG" + name + " be handled; it ends the job");
      }
    }
  }

  private void received(Signal signal) {
    StopSignal stop = StopSignal.of(signal);
    if (!requested.compareAndSet(null, stop)) {
      end(stop);
    }
    notices.accept(
        stop.name() + ": finishing the step and writing a checkpoint; another ends at once");
  }

  private static void end(StopSignal signal) {
    Cleanup.doAll();
    signal.endProcess();
  }

  /**
   * Returns the signal that has come.
   *
   * @return the first one
   */
  public Optional<StopSignal> requested() {
    return Optional.ofNullable(requested.get());
  }

  /** Leaves the signals again to those who had them before. */
  @Override
  public void close() {
    replaced.forEach(before -> Signal.handle(before.signal(), before.handler()));
  }
}
