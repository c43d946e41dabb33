#include "suites/collective/trial.h"

#include <string>

namespace assay::collective {

Trial try_case(Session& session, RankData& data, const Case& one, std::uint64_t seed,
               std::uint64_t bytes_there, Meddling* meddling, std::size_t number) {
  const Fitted fit = fitted(one, session.ranks(), bytes_there);
  Trial trial{{fit.request, session.rank(), session.ranks(), seed}, {}};
  data.in_time_of(fit.times, [&] {
    data.prepare(trial.job, one.in_place);
    if (meddling != nullptr) meddling->before(number, session.rank());
    if (one.as_graph) {
      data.as_graph([&] { session.begin(fit.request, data); });
    } else {
      session.begin(fit.request, data);
    }
    const std::string what = text_of(one, session.ranks());
    if (meddling != nullptr && meddling->changes_received()) {
      session.wait(data, what);
      meddling->after(number, trial.job, data);
    }
    data.look();
    session.wait(data, what);
    trial.wrong = data.found();
  });
  return trial;
}

}  // namespace assay::collective
