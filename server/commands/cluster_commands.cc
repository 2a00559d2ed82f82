// CLUSTER and its kin: there is no cluster, and clients that ask are told so in Redis's words.
#include "server/commands/command.h"

namespace amethyst::server {

namespace {

void RefuseCluster(Call& call) { call.reply.Error("ERR This instance has cluster support disabled"); }

constexpr Command kClusterCommands[] = {
    {"cluster|info",
     2,
     kStale,
     {},
     "cluster",
     "3.0.0",
     "Returns information about the state of a node.",
     RefuseCluster},
    {"cluster|keyslot", 3, kStale, {}, "cluster", "3.0.0", "Returns the hash slot for a key.", RefuseCluster},
    {"cluster|myid", 2, kStale, {}, "cluster", "3.0.0", "Returns the ID of a node.", RefuseCluster},
    {"cluster|nodes",
     2,
     kStale,
     {},
     "cluster",
     "3.0.0",
     "Returns the cluster configuration for a node.",
     RefuseCluster},
    {"cluster|reset",
     -2,
     kAdmin | kNoScript | kStale,
     {},
     "cluster",
     "3.0.0",
     "Reset a Redis Cluster node",
     RefuseCluster},
    {"cluster|shards",
     2,
     kStale,
     {},
     "cluster",
     "7.0.0",
     "Returns the mapping of cluster slots to shards.",
     RefuseCluster},
    {"cluster|slots",
     2,
     kStale,
     {},
     "cluster",
     "3.0.0",
     "Returns the mapping of cluster slots to nodes.",
     RefuseCluster},
};
constexpr uint32_t kOfConnection = kLoading | kStale | kFast;
constexpr Command kCommands[] = {
    {"asking",
     1,
     kFast,
     {},
     "cluster",
     "3.0.0",
     "Signals that a cluster client is following an -ASK redirect.",
     RefuseCluster},
    {"cluster",
     -2,
     0,
     {},
     "cluster",
     "3.0.0",
     "A container for Redis Cluster commands.",
     nullptr,
     nullptr,
     kClusterCommands},
    {"readonly",
     1,
     kOfConnection,
     {},
     "cluster",
     "3.0.0",
     "Enables read-only queries for a connection to a Redis Cluster replica node.",
     RefuseCluster},
    {"readwrite",
     1,
     kOfConnection,
     {},
     "cluster",
     "3.0.0",
     "Enables read-write queries for a connection to a Redis Cluster replica node.",
     RefuseCluster},
};

}  // namespace

std::span<const Command> ClusterCommands() { return kCommands; }

}  // namespace amethyst::server
