/**
 * The kit that any VMM plug-in must pass.
 *
 * <p>{@link io.lanyard.vmm.tck.VmmConformance} makes a list of named {@link
 * io.lanyard.vmm.tck.Check}s out of a plug-in's {@link io.lanyard.vmm.tck.Fixture}: the provider,
 * and a few guests that the plug-in brings because only it knows what runs on it. A check throws
 * {@link java.lang.AssertionError} when the plug-in breaks the contract. The kit needs no test
 * framework; a plug-in's tests hand the checks to whichever they use, for example as JUnit's
 * dynamic tests:
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> conforms() {
 *   return new VmmConformance(new MyFixture())
 *       .checks().stream().map(c -> DynamicTest.dynamicTest(c.name(), c::run));
 * }
 * }</pre>
 *
 * <p>Which checks there are follows from the provider's description. A NIC has to carry frames, in
 * each way in which it can be attached: a guest that echoes them is the proof, and {@link
 * io.lanyard.vmm.tck.EchoGuest} is one for boards like QEMU's RISC-V {@code virt}. Each check opens
 * a VMM of its own and closes it, and waits for conditions with a bound, never for a time. The kit
 * has the version of the interface that it checks, {@link io.lanyard.vmm.ApiVersion#CURRENT}.
 */
package io.lanyard.vmm.tck;
