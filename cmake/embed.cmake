# SPDX-License-Identifier: GPL-2.0-or-later
# whydrop_embed(OUT.cpp SYMBOL FILE...): the files' names and texts as
#   extern const whydrop::EmbeddedFile SYMBOL[]; extern const size_t SYMBOL_count;
# (declared in tools/sys/embedded.h).
function(whydrop_embed out symbol)
  set(files ${ARGN})
  list(JOIN files "|" joined)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DSYMBOL=${symbol} "-DFILES=${joined}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed-script.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed-script.cmake
    VERBATIM)
endfunction()
