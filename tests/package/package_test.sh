#!/usr/bin/env bash
# Usage: package_test.sh stage | find_package | pkg_config | add_subdirectory
# tests/package/CMakeLists.txt sets the environment: CXX, CMAKE, CMAKE_GENERATOR, SILK_SOURCE,
# SILK_BUILD and WORK (scratch space). The first three also steer the consumer's own CMake run.
set -euo pipefail

consumer=$SILK_SOURCE/tests/package/consumer
stage=$WORK/stage

build_and_run_consumer() {  # <directory> <cmake arguments>...
  local directory=$WORK/$1
  shift
  rm -rf "$directory"
  "$CMAKE" -S "$consumer" -B "$directory" -DCMAKE_BUILD_TYPE=Release "$@"
  "$CMAKE" --build "$directory"
  "$directory/consumer"
}

stage() {
  rm -rf "$stage"
  "$CMAKE" --install "$SILK_BUILD" --prefix "$stage"
}

find_package() {
  build_and_run_consumer find_package -DCMAKE_PREFIX_PATH="$stage"
}

add_subdirectory() {
  build_and_run_consumer add_subdirectory -DSILK_SOURCE="$SILK_SOURCE"
}

pkg_config() {
  local pc_file
  pc_file=$(find "$stage" -name silk.pc)
  export PKG_CONFIG_PATH=${pc_file%/*}
  pkg-config --exact-version=0.1.0 silk

  local flags
  read -ra flags <<<"$(pkg-config --cflags --libs silk)"
  flags+=("-Wl,-rpath,$(pkg-config --variable=libdir silk)")  # for a shared libsilk
  "$CXX" -std=c++20 "$consumer/main.cpp" "${flags[@]}" -o "$WORK/pkg_config"
  "$WORK/pkg_config"
}

"$1"
