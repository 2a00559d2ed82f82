// The change feed and its cursors. Thread safety: one JavaScript thread.
#pragma once

#include "values.h"

namespace amethyst::node {

napi_value CreateCursor(napi_env env, napi_callback_info info);
napi_value CreateCursorWithSnapshot(napi_env env, napi_callback_info info);
napi_value DropCursor(napi_env env, napi_callback_info info);
napi_value ListCursors(napi_env env, napi_callback_info info);
napi_value OpenFeed(napi_env env, napi_callback_info info);
// (feed, timeout in milliseconds): an array of the events that there are, once there is one; empty if none came, or the
// feed was closed. One call at a time.
napi_value FeedNext(napi_env env, napi_callback_info info);
napi_value FeedCommit(napi_env env, napi_callback_info info);
// Ends the wait under way.
napi_value FeedClose(napi_env env, napi_callback_info info);
// When nothing is under way: the last call.
napi_value FeedRelease(napi_env env, napi_callback_info info);

}  // namespace amethyst::node
