package io.lanyard.daemon.guest;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.GuestStatistics;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicStatistics;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmProvider;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * A VMM that does badly what its guest's options say: {@code in} names the call, {@code how} is
 * {@code throw}, {@code null} or {@code hang}.
 */
public final class HostileVmmProvider implements VmmProvider {
  private static final CountDownLatch NEVER = new CountDownLatch(1);

  @Override
  public String name() {
    return "hostile";
  }

  @Override
  public ApiVersion apiVersion() {
    return new ApiVersion(ApiVersion.MAJOR, ApiVersion.MINOR);
  }

  @Override
  public VmmDescription describe() {
    return new TestDescription(Set.of(Capability.CONSOLE));
  }

  @Override
  public List<SpecProblem> validate(GuestSpec spec) {
    if (fails(spec, "validate")) {
      throw new NoSuchMethodError("built for something else");
    }
    return List.of();
  }

  @Override
  public Vmm open(VmmContext context) {
    return proxy(
        Vmm.class,
        (proxy, method, arguments) -> {
          if (!method.getName().equals("create")) {
            return misbehave("hang");
          }
          GuestSpec spec = (GuestSpec) arguments[0];
          return fails(spec, "create") ? misbehave(spec.options().get("how")) : guest(spec);
        });
  }

  private static boolean fails(GuestSpec spec, String method) {
    return method.equals(spec.options().get("in"));
  }

  private static Object misbehave(String how) throws InterruptedException {
    switch (how) {
      case "throw" -> throw new NoSuchMethodError("built for something else");
      case "hang" -> NEVER.await();
      default -> {}
    }
    return null;
  }

  private static Guest guest(GuestSpec spec) {
    return proxy(
        Guest.class,
        (proxy, method, arguments) ->
            fails(spec, method.getName())
                ? misbehave(spec.options().get("how"))
                : switch (method.getName()) {
                  case "name" -> spec.name();
                  case "state" -> GuestState.RUNNING;
                  case "statistics" -> new GuestStatistics(1, 1, spec.memory());
                  case "nics" -> List.of(nic(spec));
                  default -> null;
                });
  }

  private static Nic nic(GuestSpec spec) {
    return proxy(
        InProcessNic.class,
        (proxy, method, arguments) ->
            fails(spec, "nic." + method.getName())
                ? misbehave(spec.options().get("how"))
                : switch (method.getName()) {
                  case "name" -> spec.nics().getFirst().name();
                  case "attachment" -> new Attachment.InProcess();
                  case "mac" -> spec.nics().getFirst().mac();
                  case "statistics" -> new NicStatistics(0, 0, 0, 0, 0, 0);
                  case "sink" ->
                      proxy(
                          io.lanyard.vmm.FrameSink.class,
                          (sink, call, frame) -> misbehave("throw"));
                  default -> null;
                });
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
