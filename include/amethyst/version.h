// The version of the library that is compiled against.
#pragma once

#define AMETHYST_VERSION_MAJOR 0
#define AMETHYST_VERSION_MINOR 1
#define AMETHYST_VERSION_PATCH 0
#define AMETHYST_VERSION_STRING "0.1.0"
