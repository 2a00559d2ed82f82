// Everything an embedder needs: include this one.
#pragma once

#include "amethyst/compaction_filter.h"
#include "amethyst/comparator.h"
#include "amethyst/components.h"
#include "amethyst/db.h"
#include "amethyst/error.h"
#include "amethyst/family.h"
#include "amethyst/family_options.h"
#include "amethyst/indexed_batch.h"
#include "amethyst/iterator.h"
#include "amethyst/options.h"
#include "amethyst/pinned_value.h"
#include "amethyst/snapshot.h"
#include "amethyst/stats.h"
#include "amethyst/transaction.h"
#include "amethyst/version.h"
#include "amethyst/write_batch.h"
