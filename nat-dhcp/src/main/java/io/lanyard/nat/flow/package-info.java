/**
 * The flow table: one for all protocols of a network.
 *
 * <p>A {@link io.lanyard.nat.flow.Flow} is a conversation between a guest's endpoint and a remote
 * one, as the guest sees it. The protocol engines extend it with the state that they need to carry
 * it (a socket, a TCP control block, a mapping), and the table holds the common part: the key, the
 * counters, the idle timeout, the account. {@link io.lanyard.nat.flow.FlowTable} finds a flow by
 * its key in an open-addressing table of two longs per slot ({@link io.lanyard.nat.flow.FlowKey}),
 * so that a lookup allocates nothing and touches one cache line for any protocol. An IPv6 address
 * has a number there for as long as a flow holds it.
 *
 * <p><b>Quotas.</b> A flow belongs to a {@link io.lanyard.nat.flow.FlowAccount}: a station of a
 * port, or a client of a forward. Accounts belong to a {@link io.lanyard.nat.flow.FlowOwner}: the
 * port, which a guest cannot choose, or the forward. {@link io.lanyard.nat.flow.FlowTable#add}
 * holds the quotas of account, owner and network ({@link io.lanyard.nat.flow.FlowQuota}); where one
 * is used up, a flow that is worth less makes place, of the owner that holds most.
 *
 * <p><b>Names.</b> A flow has a number that no other flow of its network ever has. Listings show
 * it, and an operator ends the flow by it.
 *
 * <p><b>The end.</b> A flow leaves in one of two ways: its engine is done with it and calls {@link
 * io.lanyard.nat.flow.FlowTable#remove}; or the table ends it, because it was idle for too long, a
 * newer flow needed its place, or the network closes, and tells the engine by {@link
 * io.lanyard.nat.flow.Flow#ended}. Either way its place in the quotas is free at once.
 *
 * <p>Idle timeouts are lazy: traffic only writes down the time, and the timer, when it goes off,
 * reads it and sleeps on for the rest. So a packet costs one store, not a move in the wheel.
 */
package io.lanyard.nat.flow;
