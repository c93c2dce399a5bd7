# SPDX-License-Identifier: GPL-2.0-or-later
# Third-party libraries, each as an imported target. All are packages of Debian 12; the folders that
# use one link it PRIVATE.
find_package(PkgConfig REQUIRED)

# Static archives do not carry what they need themselves: pkg-config --static says it.
function(whydrop_pkg name)
  if(WHYDROP_STATIC)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
    set(libs "")
    # tools/filter/no_capture_devices.cpp does without these.
    list(REMOVE_ITEM ${name}_STATIC_LIBRARIES dbus-1 systemd)
    foreach(lib IN LISTS ${name}_STATIC_LIBRARIES)
      find_library(${name}_${lib}_A NAMES lib${lib}.a REQUIRED)
      list(APPEND libs ${${name}_${lib}_A})
    endforeach()
    add_library(dep_${name} INTERFACE)
    target_include_directories(dep_${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIRS})
    target_link_libraries(dep_${name} INTERFACE -Wl,--start-group ${libs} -Wl,--end-group)
  else()
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
    add_library(dep_${name} ALIAS PkgConfig::${name})
  endif()
endfunction()

whydrop_pkg(bpf libbpf)
whydrop_pkg(xdp libxdp)
whydrop_pkg(nl libnl-3.0 libnl-route-3.0)
whydrop_pkg(pcap libpcap)
whydrop_pkg(yaml yaml-cpp)
whydrop_pkg(zlib zlib)
whydrop_pkg(deflate libdeflate)
whydrop_pkg(zstd libzstd)
whydrop_pkg(lzo lzo2)
whydrop_pkg(dw libdw)
whydrop_pkg(traceevent libtraceevent)

# snappy's .pc file is not packaged everywhere: found by what it would say.
find_path(SNAPPY_INCLUDE_DIR snappy-c.h REQUIRED)
if(WHYDROP_STATIC)
  find_library(SNAPPY_LIBRARY NAMES libsnappy.a REQUIRED)
else()
  find_library(SNAPPY_LIBRARY NAMES snappy REQUIRED)
endif()
mark_as_advanced(SNAPPY_INCLUDE_DIR SNAPPY_LIBRARY)
add_library(dep_snappy INTERFACE)
target_include_directories(dep_snappy SYSTEM INTERFACE ${SNAPPY_INCLUDE_DIR})
target_link_libraries(dep_snappy INTERFACE ${SNAPPY_LIBRARY})

find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)

find_program(BPF_CLANG NAMES clang clang-19 clang-14 REQUIRED DOC "clang with the bpf target")
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED DOC "bpftool, for gen skeleton")

if(WHYDROP_STATIC)
  add_link_options(-static)
endif()
