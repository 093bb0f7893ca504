# A namespace behind a NAT in user space, over the IP version that FAMILY says. Sourced by the races through a NAT, behind common.sh and with peer and mtu
# set; leaves in target the address by which the namespace reaches the host's loopback. lanyard has a TAP port, as slirp4netns and pasta do; lanyard-stream a QEMU stream port, as gvproxy does.
# shellcheck shell=bash
: "${peer:?}" "${mtu:?}"
port=$((20000 + $$ % 20000))
netns "$netns_a"

# The guest's end of a device that the peer did not configure itself.
guest() {
  until_true ip -n "$netns_a" link show t0
  ip -n "$netns_a" link set t0 mtu "$mtu" up
  ip -n "$netns_a" addr add "$1" dev t0
  ip -n "$netns_a" route add default via "$2"
}

case $peer in
  slirp4netns)
    begin ip netns exec "$netns_a" sleep 600
    inside=${started[-1]}
    # shellcheck disable=SC2016 # Expanded each time anew.
    until_true bash -c '[ "$(readlink /proc/$0/ns/net)" != "$(readlink /proc/self/ns/net)" ]' "$inside"
    if [ "$family" = 6 ]; then
      begin slirp4netns -c --enable-ipv6 -m "$mtu" "$inside" t0
      target=fd00::2
    else
      begin slirp4netns -c -m "$mtu" "$inside" t0
      target=10.0.2.2
    fi
    until_true ip -n "$netns_a" route get "$target"
    ;;
  pasta)
    if [ "$family" = 6 ]; then
      addresses=(-6 -a fd99::9 -g fd99::2)
      target=fd99::2
    else
      addresses=(-a 10.99.0.9 -n 24 -g 10.99.0.2)
      target=10.99.0.2
    fi
    begin pasta --netns "/run/netns/$netns_a" -f --runas 0 -I t0 "${addresses[@]}" -m "$mtu" --config-net
    until_true ip -n "$netns_a" route get "$target"
    ;;
  gvproxy)
    [ "$family" = 4 ] || fail "gvproxy has no IPv6"
    c_program framejoin
    begin "$(command -v gvproxy || echo "$top/bench/target/peers/usr/bin/gvproxy")" -mtu "$mtu" \
      -ssh-port $((port + 1)) -listen-qemu "unix://$work/socket"
    until_true test -S "$work/socket"
    begin "$built/framejoin" "$netns_a" "$work/socket"
    guest 192.168.127.3/24 192.168.127.1
    target=192.168.127.254
    ;;
  lanyard | lanyard-stream)
    if [ "$peer" = lanyard ]; then
      attach="{name: guest, kind: tap, device: t0, netns: $netns_a}"
    else
      attach="{name: guest, kind: qemu-stream, path: $work/socket}"
    fi
    # Versions without IPv6 can race over IPv4.
    [ "$family" = 4 ] && ipv6='' || ipv6='ipv6: {subnet: "fd77:0:0:8::/64"}'
    egress=''
    for n in $(seq $((${RULES:-0} / 2))); do
      egress+="{deny: 198.18.$((n % 256)).$((n / 256))}, {deny: \"*.site$n.example.net:443\"}, "
    done
    egress=${egress:+"egress: {rules: [${egress%, }]}"}
    lanyard_daemon <<YAML
version: 1
networks:
  race:
    mode: nat
    mtu: $mtu
    $egress
    ipv4: {subnet: 10.77.0.0/24}
    $ipv6
    nat: {host-loopback: true}
    ports: [$attach]
YAML
    if [ "$peer" = lanyard-stream ]; then
      c_program framejoin
      until_true test -S "$work/socket"
      begin "$built/framejoin" "$netns_a" "$work/socket"
    fi
    guest 10.77.0.9/24 10.77.0.2
    target=10.77.0.1
    if [ "$family" = 6 ]; then
      address "$netns_a" t0 fd77:0:0:8::9/64
      ip -n "$netns_a" route replace default via fd77:0:0:8::2
      target=fd77:0:0:8::1
    fi
    ;;
  *) fail "no such peer: $peer" ;;
esac
