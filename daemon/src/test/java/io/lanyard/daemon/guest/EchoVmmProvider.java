package io.lanyard.daemon.guest;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.Console;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestListener;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.GuestStatistics;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicOffloads;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.NicStatistics;
import io.lanyard.vmm.Snapshot;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmProvider;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A VMM whose guests do nothing but echo on their console, for the tests of the daemon. With option
 * {@code note} a guest has that to say when it starts, and takes it back when it is reset; with
 * {@code fails} it cannot start, and says that. With {@code button: obeyed} or {@code button:
 * ignored} it has a power button.
 */
public final class EchoVmmProvider implements VmmProvider {
  /** The address of a NIC that cannot be added: 52:54:00:00:00:ff. */
  private static final long REFUSED = 0x52_54_00_00_00_ffL;

  private static final Map<Long, List<String>> LINKS = new ConcurrentHashMap<>();

  private static final List<String> STOPS = new CopyOnWriteArrayList<>();

  /**
   * The ends of guests of this VMM, since the process began.
   *
   * @return {@code press}, of a power button, or {@code end} and the guest's name, in order; the
   *     list grows on
   */
  public static List<String> stops() {
    return STOPS;
  }

  /**
   * The changes of a NIC's link since the NIC was made.
   *
   * @param mac the NIC's address
   * @return {@code up} and {@code down}, in order; the list grows on
   */
  public static List<String> links(long mac) {
    return LINKS.getOrDefault(mac, List.of());
  }

  @Override
  public String name() {
    return "echo";
  }

  @Override
  public ApiVersion apiVersion() {
    return new ApiVersion(ApiVersion.MAJOR, ApiVersion.MINOR);
  }

  @Override
  public VmmDescription describe() {
    return new TestDescription(
        Set.of(Capability.CONSOLE, Capability.HOT_NICS, Capability.SNAPSHOTS));
  }

  @Override
  public List<SpecProblem> validate(GuestSpec spec) {
    String colour = spec.options().get("colour");
    return colour == null
        ? List.of()
        : List.of(SpecProblem.of("this VMM is grey, not " + colour, "options", "colour"));
  }

  @Override
  public Vmm open(VmmContext context) {
    return new Vmm() {
      @Override
      public Guest create(GuestSpec spec, GuestListener listener) throws VmmException {
        if (spec.name().equals("unmakeable")) {
          throw new VmmException("this guest cannot be made; give it another name");
        }
        return new EchoGuest(spec, listener);
      }

      @Override
      public void close() {}
    };
  }

  private static final class EchoGuest implements Guest {
    private final GuestSpec spec;
    private final GuestListener listener;
    private final List<Console.Output> outputs = new CopyOnWriteArrayList<>();
    private final List<Nic> nics;
    private final List<Snapshot> snapshots = new CopyOnWriteArrayList<>();
    private GuestState state = GuestState.CREATED;

    EchoGuest(GuestSpec spec, GuestListener listener) {
      this.spec = spec;
      this.listener = listener;
      this.nics = new CopyOnWriteArrayList<>(spec.nics().stream().<Nic>map(EchoNic::new).toList());
    }

    private synchronized void move(GuestState to, String reason, GuestState... from) {
      if (!List.of(from).contains(state)) {
        throw new IllegalStateException("the guest is " + state);
      }
      GuestState before = state;
      state = to;
      listener.onEvent(new GuestEvent.StateChanged(name(), before, to, reason));
    }

    @Override
    public String name() {
      return spec.name();
    }

    @Override
    public synchronized GuestState state() {
      return state;
    }

    @Override
    public void start() throws VmmException {
      String failure = spec.options().get("fails");
      if (failure != null) {
        move(GuestState.FAILED, failure, GuestState.CREATED, GuestState.FAILED);
        throw new VmmException(failure);
      }
      move(GuestState.RUNNING, "started", GuestState.CREATED, GuestState.STOPPED);
      note(spec.options().getOrDefault("note", ""));
    }

    private void note(String text) {
      listener.onEvent(new GuestEvent.Noted(name(), text));
    }

    @Override
    public void requestStop() {
      STOPS.add("press " + name());
      switch (spec.options().getOrDefault("button", "")) {
        case "obeyed" -> move(GuestState.STOPPED, "it was asked to", GuestState.RUNNING);
        case "ignored" -> {}
        default -> throw new UnsupportedOperationException();
      }
    }

    @Override
    public void kill() {
      move(GuestState.STOPPED, "killed", GuestState.RUNNING, GuestState.PAUSED);
    }

    @Override
    public void reset() {
      note("");
      listener.onEvent(new GuestEvent.Rebooted(name()));
    }

    @Override
    public void pause() {
      move(GuestState.PAUSED, "paused", GuestState.RUNNING);
    }

    @Override
    public void resume() {
      move(GuestState.RUNNING, "resumed", GuestState.PAUSED);
    }

    @Override
    public Console console() {
      return new Console() {
        @Override
        public void write(ByteBuffer bytes) {
          byte[] copy = new byte[bytes.remaining()];
          bytes.get(copy);
          outputs.forEach(output -> output.accept(ByteBuffer.wrap(copy)));
        }

        @Override
        public void resize(int columns, int rows) {
          if (spec.options().containsKey("serial")) {
            throw new UnsupportedOperationException();
          }
          write(
              ByteBuffer.wrap(
                  ("[" + columns + "x" + rows + "]")
                      .getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        }

        @Override
        public Console.Attachment attach(Output output) {
          output.accept(
              ByteBuffer.wrap("hello\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
          outputs.add(output);
          return () -> outputs.remove(output);
        }
      };
    }

    @Override
    public List<Nic> nics() {
      return List.copyOf(nics);
    }

    @Override
    public Nic addNic(NicSpec nic) throws VmmException {
      if (nic.mac() == REFUSED) {
        throw new VmmException("this guest has no slot left");
      }
      Nic made = new EchoNic(nic);
      nics.add(made);
      return made;
    }

    @Override
    public void removeNic() {
      nics.removeLast();
    }

    @Override
    public int removableNics() {
      return nics.size();
    }

    @Override
    public List<Snapshot> snapshots() {
      return List.copyOf(snapshots);
    }

    @Override
    public void saveSnapshot(String name) {
      if (state() != GuestState.RUNNING) {
        throw new IllegalStateException("the guest is off");
      }
      snapshots.add(new Snapshot(name, Instant.EPOCH, spec.memory()));
    }

    @Override
    public void loadSnapshot(String name) throws VmmException {
      if (snapshots.stream().noneMatch(snapshot -> snapshot.name().equals(name))) {
        throw new VmmException("guest " + name() + " has no snapshot " + name);
      }
    }

    @Override
    public void removeSnapshot(String name) throws VmmException {
      loadSnapshot(name);
      snapshots.removeIf(snapshot -> snapshot.name().equals(name));
    }

    @Override
    public GuestStatistics statistics() {
      return new GuestStatistics(5, -1, spec.memory());
    }

    @Override
    public void close() {
      STOPS.add("end " + name());
    }
  }

  private static final class EchoNic implements InProcessNic {
    private final NicSpec spec;

    EchoNic(NicSpec spec) {
      this.spec = spec;
      LINKS.put(spec.mac(), new CopyOnWriteArrayList<>());
    }

    @Override
    public String name() {
      return spec.name();
    }

    @Override
    public long mac() {
      return spec.mac();
    }

    @Override
    public io.lanyard.vmm.Attachment attachment() {
      return new Attachment.InProcess();
    }

    @Override
    public FrameSink sink() {
      return new FrameSink() {
        @Override
        public boolean accept(MemorySegment frame) {
          return true;
        }

        @Override
        public void flush() {}

        @Override
        public NicOffloads offloads() {
          return NicOffloads.NONE;
        }
      };
    }

    @Override
    public void connect(FrameSink network) {
      links(spec.mac()).add("up");
    }

    @Override
    public void disconnect() {
      List<String> all = links(spec.mac());
      if (!all.isEmpty() && all.getLast().equals("up")) {
        all.add("down");
      }
    }

    @Override
    public NicStatistics statistics() {
      return new NicStatistics(1, 2, 3, 4, 5, 6);
    }
  }
}
