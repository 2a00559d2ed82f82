# Writes OUTPUT, a source file that defines PageFiles() (server/http/page_files.h), from FILES:
#   cmake -DOUTPUT=page_files.cc "-DFILES=index.html;map.js" -P embed.cmake
set(types "html=text/html" "js=text/javascript" "css=text/css" "svg=image/svg+xml" "json=application/json"
          "png=image/png" "txt=text/plain")
set(arrays "")
set(entries "")
set(number 0)
foreach(file ${FILES})
  cmake_path(GET file FILENAME name)
  cmake_path(GET file EXTENSION LAST_ONLY extension)
  string(SUBSTRING "${extension}" 1 -1 extension)
  set(type "application/octet-stream")
  foreach(known ${types})
    if(known MATCHES "^${extension}=(.*)$")
      set(type "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  if(type MATCHES "^text/|javascript|json")
    string(APPEND type "; charset=utf-8")
  endif()
  set(path "/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  file(READ ${file} bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  # An array of at least one byte, as none of zero may be.
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}00")
  string(REGEX REPLACE "(................................................................................)" "\\1\n"
         bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char kFile${number}[] = {\n${bytes}};\n")
  string(APPEND entries "    {\"${path}\", \"${type}\", BytesOf(kFile${number}, ${size})},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by server/http/embed.cmake.
#include \"server/http/page_files.h\"

#include <cstddef>

namespace amethyst::server {

namespace {

${arrays}
std::string_view BytesOf(const unsigned char* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

std::span<const PageFile> PageFiles() {
  static const PageFile kFiles[] = {
${entries}  };
  return kFiles;
}

}  // namespace amethyst::server
")
