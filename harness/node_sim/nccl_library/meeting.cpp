#include "harness/node_sim/nccl_library/meeting.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace assay::nccl {
namespace {

void prepare(MeetingPlace& place) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&place.mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

bool is_over(const Meeting& meeting) {
  return std::all_of(meeting.members, meeting.members + meeting.ranks, [](const Member& member) {
    const bool died = member.pid != 0 && kill(member.pid, 0) != 0 && errno == ESRCH;
    return member.state == Member::gone || member.state == Member::absent || member.aborted != 0 || died;
  });
}

}  // namespace

MeetingPlace& place_of(cuda_emulation::Fabric& fabric) {
  auto& place = *static_cast<MeetingPlace*>(fabric.shared());
  std::uint32_t nobody = 0;
  if (__atomic_compare_exchange_n(&place.ready, &nobody, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    prepare(place);
    __atomic_store_n(&place.ready, 2, __ATOMIC_RELEASE);
  }
  while (__atomic_load_n(&place.ready, __ATOMIC_ACQUIRE) != 2) sched_yield();
  return place;
}

AtPlace::AtPlace(MeetingPlace& place) : place_(place) {
  if (pthread_mutex_lock(&place_.mutex) == EOWNERDEAD) pthread_mutex_consistent(&place_.mutex);
}
AtPlace::~AtPlace() {
  pthread_mutex_unlock(&place_.mutex);
}

Meeting* find_or_make(MeetingPlace& place, std::uint64_t id, int ranks) {
  for (Meeting& meeting : place.meetings) {
    if (meeting.id == id) return &meeting;
  }
  for (Meeting& meeting : place.meetings) {
    if (meeting.id != 0 && !is_over(meeting)) continue;
    meeting = {};
    meeting.id = id;
    meeting.ranks = ranks;
    for (Member& member : meeting.members) member.seat = kNoSeat;
    // Nobody posts number 0 there before it is the first one.
    meeting.rounds[1].number = 1;
    return &meeting;
  }
  return nullptr;
}

bool complete(const Meeting& meeting) {
  return meeting.refused == 0 &&
         std::all_of(meeting.members, meeting.members + meeting.ranks,
                     [](const Member& member) { return member.state != Member::absent; });
}

void announce(Meeting& meeting, cuda_emulation::Fabric& fabric, Nanoseconds from) {
  for (Member& member : meeting.members) {
    if (member.seat == kNoSeat) continue;
    fabric.unpark(member.seat, from);
    member.seat = kNoSeat;
  }
}

}  // namespace assay::nccl
