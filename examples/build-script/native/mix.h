#ifndef MIX_H
#define MIX_H

#include <stdint.h>

uint32_t mix(uint32_t value);

#endif
