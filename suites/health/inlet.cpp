// How warm the air is that the node takes in, as its management controller reads it. Where it is not to be
// asked (a virtual machine, no IPMI driver, no right to it) the pattern among the GPUs has to do.
#include "harness/check.h"

namespace assay {
namespace {

void run(Context& context) {
  const std::optional<double> celsius = inlet_temperature(context.host().bmc());
  if (celsius) {
    context.measure("inlet_temperature", *celsius, Unit::celsius);
  } else {
    context.log("the management controller does not say how warm the air is that the node takes in");
  }
}

const Registered health_inlet{{
    .name = "health.inlet",
    .summary =
        "The room is not too warm: the air that the node takes in, as its management controller reads it",
    .scope = Scope::node,
    .measures = {{.name = "inlet_temperature",
                  .unit = Unit::celsius,
                  .meaning =
                      "air that the node takes in, by DCMI; of several inlets the warmest. Judged where it "
                      "can be read",
                  .of = Of::node,
                  .may_lack = true}},
    .findings = {"environment.hot_inlet"},
    .run = run,
    .detects = "a room, or a cold aisle, that is warmer than servers are made for",
    .misses =
        "warm air that comes up behind the inlet: a fan that stands still, the row before; a controller "
        "that cannot be asked from the node",
}};

}  // namespace
}  // namespace assay
