/**
 * The guests that the daemon runs, and the VMM plug-ins that run them.
 *
 * <p>A {@link io.lanyard.daemon.guest.GuestSlot} outlives its guest: it asks the plug-in for one,
 * attaches each of its NICs to the network that the configuration names, and keeps the reason if
 * that fails. Making the guest is tried again with each start. {@link
 * io.lanyard.daemon.guest.GuestCondition} hears from the VMM how the guest is, {@link
 * io.lanyard.daemon.guest.GuestReadings} asks for it, and {@link
 * io.lanyard.daemon.guest.GuestHandle} is what the API holds of the slot.
 *
 * <pre>
 *   slot --create--> made --start--> on --power button, kill--> off --close--> gone
 *     '-----> failed, with the reason    '-- start makes it on again
 * </pre>
 *
 * <p><b>Threads.</b> Plug-ins share the process but are not trusted to return: each call goes
 * through a {@link io.lanyard.daemon.guest.PluginExecutor}, one at a time and with a timeout, so
 * that a VMM that throws or hangs harms its own guests and no others. No thread of a guest enters a
 * network: a frame crosses by the ring of its in-process port.
 */
package io.lanyard.daemon.guest;
