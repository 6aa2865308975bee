// SPDX-License-Identifier: MIT
// Two translation units of C++20 that share a ring: compiled twice, once with OTHER_UNIT. Helpers that are inline in both have one address,
// and what one unit submits the other reaps.
#include <liburing.h>

#include <array>
#include <cstdint>
#include <span>

namespace two_units {

using Prepare = void (*)(io_uring_sqe *);

Prepare address_of_prep_nop();
unsigned submit_all(io_uring &ring, std::span<const std::uint64_t> data);
std::uint64_t reap_all(io_uring &ring, unsigned count);

} // namespace two_units

#ifndef OTHER_UNIT

namespace two_units {

Prepare address_of_prep_nop()
{
	return io_uring_prep_nop;
}

unsigned submit_all(io_uring &ring, std::span<const std::uint64_t> data)
{
	for (auto value : data) {
		io_uring_sqe *sqe = io_uring_get_sqe(&ring);
		if (!sqe)
			return 0;
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data64(sqe, value);
	}
	return static_cast<unsigned>(io_uring_submit(&ring));
}

} // namespace two_units

#else

#include "test.h"

namespace two_units {

std::uint64_t reap_all(io_uring &ring, unsigned count)
{
	std::uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++) {
		io_uring_cqe *cqe;

		CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		sum += io_uring_cqe_get_data64(cqe);
		io_uring_cqe_seen(&ring, cqe);
	}
	return sum;
}

} // namespace two_units

TEST(two_units_of_cxx20_share_a_ring_and_its_helpers)
{
	static constexpr std::array<std::uint64_t, 4> data{ 1, 20, 300, 4000 };
	/* Designated initialisers, members in the order of the header. */
	io_uring_params params{ .flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP };
	io_uring ring{};

	params.cq_entries = 64;
	CHECK_EQ(io_uring_queue_init_params(8, &ring, &params), 0);
	CHECK_EQ(ring.cq.ring_entries, 64);
	CHECK_EQ(two_units::submit_all(ring, data), data.size());
	CHECK_EQ(two_units::reap_all(ring, data.size()), 4321);
	CHECK(two_units::address_of_prep_nop() == static_cast<two_units::Prepare>(io_uring_prep_nop));
	io_uring_queue_exit(&ring);
}

#endif
