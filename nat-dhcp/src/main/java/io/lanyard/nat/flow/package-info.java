/**
 * The flow table: one for all protocols of a network.
 *
 * <p>A {@link io.lanyard.nat.flow.Flow} is a conversation between a guest's endpoint and a remote
 * one, as the guest sees it. The protocol engines extend it with what they need to carry it (a
 * socket, a TCP control block, a mapping) and the table holds what is common: the key, the
 * counters, the idle timeout, the guest that has to answer for it. {@link
 * io.lanyard.nat.flow.FlowTable} finds a flow by its key in an open-addressing table of two longs a
 * slot ({@link io.lanyard.nat.flow.FlowKey}), so that a lookup allocates nothing and touches one
 * cache line, whatever the protocol.
 *
 * <p>A flow enters by {@link io.lanyard.nat.flow.FlowTable#add}, which holds the quotas of the
 * guest and of the network ({@link io.lanyard.nat.flow.FlowQuota}). It leaves in one of two ways:
 * its engine is done with it and calls {@link io.lanyard.nat.flow.FlowTable#remove}; or the table
 * ends it, because it was idle for too long, or a newer flow needed its place, or the network
 * closes, and tells the engine so by {@link io.lanyard.nat.flow.Flow#ended}. Either way the place
 * in the quota is given back at once.
 *
 * <p>Idle timeouts are lazy: traffic only writes down the time, and the timer, when it goes off,
 * looks at it and sleeps on for the rest. So a packet costs one store, not a move in the wheel.
 */
package io.lanyard.nat.flow;
