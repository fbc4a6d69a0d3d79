#!/usr/bin/env bash
# Installs LEFT on several machines over ssh, has them keep one folder the same, and starts it on each.
#
#   scripts/deploy.sh [options] USER@HOST[=ADDRESS]...
#
#   --share FOLDER     the folder on each of them (default: ~/share; ~ is the home over there)
#   --port NUMBER      UDP port of all of them (default: 22001)
#   --prefix FOLDER    where npm installs, on each (default: ~/.local)
#   --tarball FILE     the package (default: made of this checkout with npm pack)
#   --no-start         installs and writes left.toml, and starts nothing
#
# ADDRESS is how the other machines reach this one, where that is not HOST. LEFT_DEPLOY_SSH is the ssh to use, with options:
# LEFT_DEPLOY_SSH='ssh -F ./config'.
#
# Each machine gets the package, ~/.config/left/left.toml with the addresses of the others, and one secret for all, which the first
# machine that has none makes. Where left.toml is there already, its line `ip = …` alone is replaced. With a service manager for
# the user, left.service is started and enabled; elsewhere LEFT is started in the background, and ends when the machine does. Run it again
# for a new version or another machine. All machines are looked at before any is changed.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(dirname "$here")"
share='~/share'
port=22001
prefix='~/.local'
tarball=
start=yes
machines=()
addresses=()

fail() {
  echo "deploy: $1" >&2
  exit "${2:-1}"
}

need_value() {
  [ $# -ge 2 ] || fail "$1 needs a value; scripts/deploy.sh --help shows more" 2
}

while [ $# -gt 0 ]; do
  case "$1" in
    --help)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    --share) need_value "$@" && share="$2" && shift 2 ;;
    --port) need_value "$@" && port="$2" && shift 2 ;;
    --prefix) need_value "$@" && prefix="$2" && shift 2 ;;
    --tarball) need_value "$@" && tarball="$2" && shift 2 ;;
    --no-start) start=no && shift ;;
    -*) fail "there is no option $1; scripts/deploy.sh --help shows more" 2 ;;
    *) machines+=("${1%%=*}") && addresses+=("${1#*=}") && shift ;;
  esac
done
[ "${#machines[@]}" -ge 2 ] || fail 'name two machines or more, for example: scripts/deploy.sh lab@10.0.0.7 lab@10.0.0.8' 2
case "$port" in '' | *[!0-9]*) fail "--port $port is no number" 2 ;; esac
case "$share$prefix" in *[\"\\]*) fail '--share and --prefix are without quotation marks and backslashes' 2 ;; esac
[ -z "$tarball" ] || [ -f "$tarball" ] || fail "there is no file $tarball" 2

read -r -a ssh <<<"${LEFT_DEPLOY_SSH:-ssh}"
work="$(mktemp -d "${TMPDIR:-/tmp}/left-deploy.XXXXXX")"
trap 'rm -rf "$work"' EXIT

quoted() {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# on MACHINE STEP [ARGUMENT…]: runs a step of deploy/on-machine.sh over there, by whatever shell its user has.
on() {
  local machine="$1" word words=
  shift
  for word in "$prefix" "$@"; do words="$words $(quoted "$word")"; done
  "${ssh[@]}" "$machine" "sh -s --$words" <"$here/deploy/on-machine.sh"
}

# put MACHINE FILE: the input becomes a file in ~/.cache/left-deploy, which only the user can read.
put() {
  "${ssh[@]}" "$1" "sh -c $(quoted "umask 077 && mkdir -p ~/.cache/left-deploy && cat > ~/.cache/left-deploy/$2")"
}

# What ssh makes of a name in its own configuration, unless an address was given.
for index in "${!machines[@]}"; do
  [ "${addresses[$index]}" = "${machines[$index]}" ] || continue
  address="$("${ssh[@]}" -G "${machines[$index]}" 2>/dev/null | sed -n 's/^hostname //p')"
  [ -n "$address" ] || fail "${machines[$index]} is nothing that ssh understands; write USER@HOST" 2
  addresses[index]="$address"
done

for machine in "${machines[@]}"; do
  version="$(on "$machine" check)" || fail "$machine cannot run LEFT; nothing was changed on any machine"
  echo "$machine: $version"
done

if [ -z "$tarball" ]; then
  # An installed copy has been built.
  built=()
  [ -f "$root/tsconfig.json" ] || built=(--ignore-scripts)
  (cd "$root" && npm pack ${built[@]+"${built[@]}"} --pack-destination "$work") >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "npm pack failed in $root"
  }
  tarball="$(echo "$work"/*.tgz)"
fi
# All at once: npm takes its time.
installs=()
for index in "${!machines[@]}"; do
  {
    put "${machines[$index]}" left.tgz <"$tarball" && on "${machines[$index]}" install
  } >"$work/installed-$index" &
  installs+=("$!")
done
for index in "${!machines[@]}"; do
  wait "${installs[$index]}" || failed="${failed:-}${failed:+, }${machines[$index]}"
done
[ -z "${failed:-}" ] || fail "not installed on $failed; left.toml was written nowhere"
for index in "${!machines[@]}"; do
  echo "${machines[$index]}: left $(cat "$work/installed-$index") is installed in $prefix"
done

# The secret crosses inside of ssh, and stands in no argument and in no file here.
secret=
for machine in "${machines[@]}"; do
  secret="$(on "$machine" secret)"
  [ -z "$secret" ] || break
done
[ -n "$secret" ] || secret="$(on "${machines[0]}" make-secret)"
[ -n "$secret" ] || fail "${machines[0]}: left secret made none"

for index in "${!machines[@]}"; do
  others=
  for other in "${!machines[@]}"; do
    [ "$other" = "$index" ] || others="$others${others:+, }\"${addresses[$other]}$([ "$port" = 22001 ] || echo ":$port")\""
  done
  printf '%s\n' "$secret" | put "${machines[$index]}" left-secret
  said="$(on "${machines[$index]}" configure "$share" "$port" "[$others]")" || fail "${machines[$index]}: left.toml could not be written"
  echo "${machines[$index]}: $said"
done

[ "$start" = yes ] || exit 0
for machine in "${machines[@]}"; do
  on "$machine" start || fail "$machine: left did not start"
done
for machine in "${machines[@]}"; do
  echo "$machine:"
  on "$machine" status "$share" || fail "$machine: left ended"
done
