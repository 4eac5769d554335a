#!/bin/sh
# Fetches what the compatibility tests need beside npm: Apache Kafka, kcat, the Java programs, the Python clients and the franz-go program.
# Safe to run again: what is there already is left alone. Parts by name, all without arguments: system kafka programs python go.
# Everything but Debian's packages goes to MILLRACE_CACHE (default ~/.cache/millrace), outside the repository.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${MILLRACE_CACHE:-$HOME/.cache/millrace}
kafka_version=4.3.1
PATH=$PATH:/usr/local/go/bin
mkdir -p "$cache"

say() { echo "install: $*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

install_system() {
  packages=
  has javac && has java || packages="$packages openjdk-17-jdk-headless"
  has mvn || packages="$packages maven"
  has kcat || packages="$packages kcat"
  python3 -c 'import venv, ensurepip' 2>/dev/null || packages="$packages python3-venv"
  [ -n "$packages" ] || return 0
  say "apt-get install$packages"
  apt-get update -qq >&2
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >"$cache/apt.log" 2>&1 ||
    { cat "$cache/apt.log" >&2; return 1; }
}

# Jars by Maven, the host that runs many tools in one JVM, and class archives that make each JVM start three times as fast.
install_kafka() {
  home=$cache/kafka-$kafka_version
  stamp=$(cat "$here/pom.xml" "$here/ToolHost.java" "$here/tools-log4j2.properties" | cksum)
  [ "$(cat "$home/installed" 2>/dev/null)" = "$stamp" ] && return 0
  say "Apache Kafka $kafka_version"
  rm -rf "$home.new" && mkdir -p "$home.new/lib" "$home.new/classes"
  mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -Dkafka.version="$kafka_version" -DincludeScope=runtime -DoutputDirectory="$home.new/lib" >"$cache/mvn.log" 2>&1 ||
    { cat "$cache/mvn.log" >&2; return 1; }
  javac -nowarn -cp "$home.new/lib/*" -d "$home.new/classes" "$here/ToolHost.java"
  jar --create --file "$home.new/lib/tool-host.jar" -C "$home.new/classes" .
  rm -rf "$home" "$home.new/classes" && mv "$home.new" "$home"
  "$root/node_modules/.bin/node" "$here/main.ts" archive
  echo "$stamp" >"$home/installed"
}

# The Java programs of test/compat, with the jars they need beside Apache Kafka's.
install_programs() {
  install_kafka
  home=$cache/programs-$kafka_version
  stamp=$(cat "$cache/kafka-$kafka_version/installed" "$here/programs/pom.xml" "$root"/test/compat/java-*/*.java | cksum)
  [ "$(cat "$home/installed" 2>/dev/null)" = "$stamp" ] && return 0
  say "Java programs"
  rm -rf "$home.new" && mkdir -p "$home.new/classes"
  mvn -q -B -f "$here/programs/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -Dkafka.version="$kafka_version" -DincludeScope=runtime -DoutputDirectory="$home.new" >"$cache/mvn.log" 2>&1 ||
    { cat "$cache/mvn.log" >&2; return 1; }
  for jar in "$home.new"/*.jar; do
    [ ! -e "$cache/kafka-$kafka_version/lib/${jar##*/}" ] || rm "$jar"
  done
  javac -nowarn -proc:none -cp "$cache/kafka-$kafka_version/lib/*:$home.new/*" -d "$home.new/classes" "$root"/test/compat/java-*/*.java
  jar --create --file "$home.new/programs.jar" -C "$home.new/classes" .
  rm -rf "$home" "$home.new/classes" && mv "$home.new" "$home"
  echo "$stamp" >"$home/installed"
}

install_python() {
  home=$cache/python
  requirements=$root/test/compat/python-requirements.txt
  stamp=$(cksum <"$requirements")
  [ "$(cat "$home/installed" 2>/dev/null)" = "$stamp" ] && return 0
  say "Python clients"
  rm -rf "$home"
  python3 -m venv "$home"
  "$home/bin/pip" install -q --disable-pip-version-check -r "$requirements"
  echo "$stamp" >"$home/installed"
}

install_go() {
  source=$root/test/compat/franz-go
  has go || { say "no Go toolchain (1.26 or newer) on the PATH"; return 1; }
  (cd "$source" && go build -o "$cache/franz-go" .)
}

for part in ${*:-system kafka programs python go}; do
  "install_$part"
done
