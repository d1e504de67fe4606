# SILK_SANITIZE=address,undefined or SILK_SANITIZE=thread instruments everything built here.

set(SILK_SANITIZE "" CACHE STRING "Comma-separated list for -fsanitize=, empty for none")

if(SILK_SANITIZE)
  add_compile_options(
    -fsanitize=${SILK_SANITIZE}
    -fno-omit-frame-pointer # else the stacks in reports are guesses
    -fno-sanitize-recover=undefined # else undefined behaviour is reported and the test still passes
    -D_GLIBCXX_ASSERTIONS) # the standard library's own precondition checks
  add_link_options(-fsanitize=${SILK_SANITIZE})
  if(SILK_SANITIZE MATCHES address)
    # UBSan's tables are full of addresses: a test would spend half its time on relocating them.
    add_link_options(-no-pie)
  endif()
endif()
