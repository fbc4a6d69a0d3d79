# The steps of deploy.sh that run on a machine: sh -s -- PREFIX STEP [ARGUMENT…]. What a step prints on stdout is read or shown by
# deploy.sh, reasons of a failure go to stderr.
set -eu
umask 077

NODE_MIN=20.15
# left promises to stop in a second; a busy machine may need more.
STOP_S_MAX=15
# Sessions begin within a second of the later start.
IN_STEP_S_MAX=30

at_home() {
  case "$1" in
    '~') printf '%s' "$HOME" ;;
    '~/'*) printf '%s' "$HOME/${1#'~/'}" ;;
    *) printf '%s' "$1" ;;
  esac
}

fail() {
  echo "$1" >&2
  exit 1
}

prefix="$(at_home "$1")"
step="$2"
shift 2
config="${XDG_CONFIG_HOME:-$HOME/.config}"
inbox="$HOME/.cache/left-deploy"
# Of a left that no service manager runs.
state="${XDG_STATE_HOME:-$HOME/.local/state}/left-deploy"
toml="$config/left/left.toml"
cd

# A shell of ssh reads less than one that somebody logs in to.
PATH="$PATH:/usr/local/bin"
if ! command -v node >/dev/null; then
  node="$("${SHELL:-sh}" -lc 'command -v node' 2>/dev/null </dev/null || true)"
  [ -z "$node" ] || PATH="$(dirname "$node"):$PATH"
fi
PATH="$prefix/bin:$PATH"

check() {
  command -v node >/dev/null || fail "there is no node on the path of $(id -un): install Node $NODE_MIN or newer"
  version="$(node --version)" || fail 'node does not start'
  wanted_minor="${NODE_MIN#*.}"
  major="${version#v}" && major="${major%%.*}"
  minor="${version#v*.}" && minor="${minor%%.*}"
  [ "$major" -gt "${NODE_MIN%.*}" ] || { [ "$major" -eq "${NODE_MIN%.*}" ] && [ "$minor" -ge "$wanted_minor" ]; } ||
    fail "Node ${version#v} is too old: LEFT needs $NODE_MIN or newer"
  command -v npm >/dev/null || fail 'there is node and no npm: install that too'
  echo "Node ${version#v}"
}

# Without a registry npm leaves native packages out; it need not try for long.
install() {
  npm install --global --prefix "$prefix" --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000 \
    --no-audit --no-fund "$inbox/left.tgz" >"$inbox/log" 2>&1 || fail "$(tail -n 20 "$inbox/log")"
  rm -f "$inbox/left.tgz" "$inbox/log"
  "$prefix/bin/left" --version
}

secret() {
  [ ! -f "$config/left/left-secret" ] || cat "$config/left/left-secret"
}

make_secret() {
  mkdir -p "$config/left"
  left secret "$config/left/left-secret" >/dev/null
  secret
}

# configure SHARE PORT ADDRESSES: the last one as TOML has it.
configure() {
  mkdir -p "$config/left"
  mv "$inbox/left-secret" "$config/left/left-secret"
  if [ ! -f "$toml" ]; then
    cat >"$toml" <<END
# Options of left, by their long names: left --help shows them all.
share = "$1"
port = $2
secret-file = "left-secret"
# This line is written anew by scripts/deploy.sh.
ip = $3
END
    echo "$toml is written"
  elif grep -q '^ip = .*["\]]$' "$toml"; then
    escaped="$(printf '%s' "$3" | sed 's/[\\/&]/\\&/g')"
    sed "s/^ip = .*/ip = $escaped/" "$toml" >"$toml.new" && mv "$toml.new" "$toml"
    echo "$toml has the addresses, and is else as it was"
  else
    echo "$toml has no line ip = […], and is as it was"
  fi
}

has_service_manager() {
  XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
  export XDG_RUNTIME_DIR
  systemctl --user show-environment >/dev/null 2>&1
}

start() {
  stop_background
  if has_service_manager; then start_service; else start_background; fi
}

start_service() {
  units="$config/systemd/user"
  mkdir -p "$units/left.service.d"
  cp "$prefix/lib/node_modules/left/packaging/systemd/user/left.service" "$units/"
  cat >"$units/left.service.d/path.conf" <<END
# Written by scripts/deploy.sh.
[Service]
Environment="PATH=$prefix/bin:$(dirname "$(command -v node)"):/usr/local/bin:/usr/bin:/bin"
END
  systemctl --user daemon-reload
  systemctl --user --quiet enable left
  systemctl --user restart left
  echo "started as left.service of $(id -un)"
  [ -e "/var/lib/systemd/linger/$(id -un)" ] || loginctl enable-linger 2>/dev/null ||
    echo "it ends when $(id -un) logs out, until somebody runs: sudo loginctl enable-linger $(id -un)"
}

start_background() {
  mkdir -p "$state"
  # A session of its own, where there is setsid: no terminal that closes ends it.
  set -- nohup "$prefix/bin/left" --config "$toml"
  ! command -v setsid >/dev/null || set -- setsid "$@"
  "$@" >>"$state/left.log" 2>&1 </dev/null &
  echo "$!" >"$state/left.pid"
  echo "there is no service manager for $(id -un): started in the background, until the machine is switched off"
  echo "  to start it again: nohup $prefix/bin/left --config $toml >>$state/left.log 2>&1 &"
  echo "  to stop it:        kill \$(cat $state/left.pid)"
}

# The process of the pid file, where it is a left that was started here.
background_pid() {
  [ -f "$state/left.pid" ] || return 1
  pid="$(cat "$state/left.pid")"
  case "$(ps -o args= -p "$pid" 2>/dev/null)" in *left*--config*) echo "$pid" ;; *) return 1 ;; esac
}

stop_background() {
  pid="$(background_pid)" || return 0
  kill "$pid"
  waited=0
  while kill -0 "$pid" 2>/dev/null; do
    [ "$waited" -lt "$STOP_S_MAX" ] || fail "process $pid, an older left, does not stop"
    sleep 1
    waited=$((waited + 1))
  done
  rm -f "$state/left.pid"
}

is_running() {
  background_pid >/dev/null || { has_service_manager && systemctl --user --quiet is-active left; }
}

why_ended() {
  if [ -f "$state/left.log" ]; then tail -n 5 "$state/left.log"; else journalctl --user --unit left --lines 5 --no-pager; fi
}

# status SHARE: as soon as all is in step, or however it is when the time is over.
status() {
  share="$(at_home "$1")"
  waited=0
  while ! is_in_step; do
    is_running || fail "$(why_ended)"
    [ "$waited" -lt "$IN_STEP_S_MAX" ] || break
    sleep 1
    waited=$((waited + 1))
  done
  left status --share "$share"
}

# The states of peers are those of src/control/README.md.
is_in_step() {
  json="$(left status --json --share "$share" 2>/dev/null)" || return 1
  ! echo "$json" | grep -qE '"state": ?"(waiting|away|comparing|receiving|behind)"'
}

case "$step" in
  check | install | secret | configure | start | status) "$step" "$@" ;;
  make-secret) make_secret ;;
  *) fail "there is no step $step" ;;
esac
