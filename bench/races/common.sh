# What the races share: namespaces, processes, and their end. Sourced; sets up nothing until asked.
# shellcheck shell=bash
set -euo pipefail
races=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$races/../.." && pwd)
built=$top/bench/target/races
work=$(mktemp -d "${TMPDIR:-/tmp}/lanyard-race.XXXXXX")
# Names of this run's own, so that two runs and other users' namespaces do not meet.
netns_a=lanyard-race-$$-a
netns_b=lanyard-race-$$-b
netns_host=lanyard-race-$$-h
seconds=${RACE_SECONDS:-5}
started=()

end_race() {
  local process
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${started[@]}"; do wait "$process" 2>/dev/null || true; done
  ip netns del "$netns_a" 2>/dev/null || true
  ip netns del "$netns_b" 2>/dev/null || true
  ip netns del "$netns_host" 2>/dev/null || true
  rm -rf "$work"
}
trap end_race EXIT
trap 'exit 130' INT TERM

# The IP version that FAMILY says.
family=${FAMILY:-4}
case $family in
  4) loopback=127.0.0.1 ;;
  6) loopback=::1 ;;
  *) echo "$(basename "$0"): FAMILY is 4 or 6, not $family" >&2; exit 1 ;;
esac

# One of two words, by that version.
of_family() { if [ "$family" = 4 ]; then echo "$1"; else echo "$2"; fi; }

# Gives a namespace's device an address of either version, which it may use at once.
address() {
  case $3 in
    *:*) ip -n "$1" addr add "$3" dev "$2" nodad ;;
    *) ip -n "$1" addr add "$3" dev "$2" ;;
  esac
}

fail() { echo "$(basename "$0"): $1" >&2; [ ! -s "$work/log" ] || tail -20 "$work/log" >&2; exit 1; }

# Runs a command in the background until the race ends; what it says is shown if the race fails.
begin() { "$@" >>"$work/log" 2>&1 & started+=($!); }

# Waits up to ten seconds for a command to succeed.
until_true() {
  local _
  for _ in $(seq 200); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  fail "waited without success for: $*"
}

netns() { ip netns add "$1"; ip -n "$1" link set lo up; }

c_program() {
  mkdir -p "$built"
  if [ "$races/$1.c" -nt "$built/$1" ] || [ "$races/netns_tap.h" -nt "$built/$1" ]; then
    gcc -O2 -Wall -o "$built/$1" "$races/$1.c" -pthread
  fi
}

# Runs Lanyard, or the version of it that LANYARD names, on a configuration that it is given on its standard input.
lanyard_daemon() {
  cat >"$work/lanyard.yaml"
  "${LANYARD:-$top/lanyard}" --version >/dev/null # It builds first if its sources are newer.
  mkdir -p "$work/run" "$work/state"
  begin "${LANYARD:-$top/lanyard}" daemon --config "$work/lanyard.yaml" --runtime-dir "$work/run" --state-dir "$work/state"
}

# One TCP stream; prints Gbit/s. A hung peer ends the measurement, not the run.
iperf() {
  local from=$1
  shift
  ip netns exec "$from" timeout $((seconds + 30)) iperf3 -J -t "$seconds" "$@" >"$work/iperf.json" || true
  python3 -c 'import json, sys
try:
    print("%.2f" % (json.load(open(sys.argv[1]))["end"]["sum_received"]["bits_per_second"] / 1e9))
except (KeyError, ValueError):
    print("failed")
    sys.stderr.write(open(sys.argv[1]).read()[-400:])' "$work/iperf.json"
  cat "$work/iperf.json" >>"$work/log"
}
