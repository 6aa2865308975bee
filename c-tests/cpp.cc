// SPDX-License-Identifier: MIT
// The header in C++: helpers of every family, called as a C++ program calls them.
#include "test.h"

#include <liburing.h>

#include <memory>
#include <string>
#include <sys/uio.h>
#include <type_traits>
#include <vector>

namespace {

class Ring {
public:
	explicit Ring(unsigned entries, unsigned flags = 0)
	{
		ring_up(&ring_, entries, flags);
	}

	~Ring()
	{
		io_uring_queue_exit(&ring_);
	}

	Ring(const Ring &) = delete;
	Ring &operator=(const Ring &) = delete;

	io_uring *get()
	{
		return &ring_;
	}

private:
	io_uring ring_;
};

struct Request {
	int result;
	bool done;
};

static_assert(std::is_standard_layout<io_uring>::value, "struct io_uring is plain data");
static_assert(std::is_trivially_copyable<io_uring_cqe_iter>::value, "an iterator is copied freely");
static_assert(sizeof(io_uring) == 216, "struct io_uring keeps its size");

} // namespace

TEST(requests_carry_pointers_to_objects)
{
	Ring ring(8);
	std::vector<std::unique_ptr<Request>> requests;

	for (int i = 0; i < 5; i++) {
		requests.push_back(std::unique_ptr<Request>(new Request{ -1, false }));
		io_uring_sqe *sqe = io_uring_get_sqe(ring.get());
		CHECK(sqe != nullptr);
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data(sqe, requests.back().get());
	}
	CHECK_EQ(io_uring_submit_and_wait(ring.get(), 5), 5);

	io_uring_cqe *cqe;
	unsigned head, n = 0;
	io_uring_for_each_cqe(ring.get(), head, cqe) {
		Request *request = static_cast<Request *>(io_uring_cqe_get_data(cqe));
		request->result = cqe->res;
		request->done = true;
		n++;
	}
	io_uring_cq_advance(ring.get(), n);
	CHECK_EQ(n, 5);
	for (const auto &request : requests) {
		CHECK(request->done);
		CHECK_EQ(request->result, 0);
	}
}

TEST(an_iterator_walks_the_completions_from_cpp)
{
	Ring ring(8);

	for (int i = 0; i < 4; i++) {
		io_uring_sqe *sqe = io_uring_get_sqe(ring.get());
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data64(sqe, i);
	}
	CHECK_EQ(io_uring_submit(ring.get()), 4);
	io_uring_cqe_iter iter = io_uring_cqe_iter_init(ring.get());
	io_uring_cqe *cqe;
	unsigned n = 0;
	while (io_uring_cqe_iter_next(&iter, &cqe))
		CHECK_EQ(io_uring_cqe_get_data64(cqe), n++);
	CHECK_EQ(n, 4);
	io_uring_cq_advance(ring.get(), n);
}

TEST(files_are_written_and_read_from_cpp)
{
	Ring ring(8);
	const std::string text = "written from C++";
	std::string left(7, '\0'), right(9, '\0');
	iovec vecs[2] = { { &left[0], left.size() }, { &right[0], right.size() } };
	int fd = file_empty("f");

	io_uring_prep_write(io_uring_get_sqe(ring.get()), fd, text.data(), static_cast<unsigned>(text.size()), 0);
	CHECK_EQ(run_one(ring.get()), static_cast<int>(text.size()));
	io_uring_prep_readv(io_uring_get_sqe(ring.get()), fd, vecs, 2, 0);
	CHECK_EQ(run_one(ring.get()), static_cast<int>(text.size()));
	CHECK(left + right == text);
	io_uring_prep_close(io_uring_get_sqe(ring.get()), fd);
	CHECK_EQ(run_one(ring.get()), 0);
}

TEST(sockets_polls_timeouts_and_cancels_work_from_cpp)
{
	Ring ring(8);
	int sv[2];
	char buf[16];
	__kernel_timespec ts = timespec_ms(5);

	pair_up(SOCK_STREAM, sv);
	io_uring_prep_send(io_uring_get_sqe(ring.get()), sv[0], "hello", 5, 0);
	CHECK_EQ(run_one(ring.get()), 5);
	io_uring_prep_recv(io_uring_get_sqe(ring.get()), sv[1], buf, sizeof(buf), 0);
	CHECK_EQ(run_one(ring.get()), 5);
	io_uring_prep_timeout(io_uring_get_sqe(ring.get()), &ts, 0, 0);
	CHECK_EQ(run_one(ring.get()), -ETIME);

	io_uring_sqe *sqe = io_uring_get_sqe(ring.get());
	io_uring_prep_poll_add(sqe, sv[1], 1);
	io_uring_sqe_set_data64(sqe, 1);
	sqe = io_uring_get_sqe(ring.get());
	io_uring_prep_cancel64(sqe, 1, 0);
	io_uring_sqe_set_data64(sqe, 2);
	submit(ring.get(), 2);
	answer both[2];
	reap_sorted(ring.get(), both, 2);
	CHECK_EQ(both[0].res, -ECANCELED);
	CHECK_EQ(both[1].res, 0);
}

TEST(waits_peeks_and_probes_work_from_cpp)
{
	Ring ring(8);
	io_uring_cqe *cqe = nullptr;
	__kernel_timespec ts = timespec_ms(1);

	CHECK_EQ(io_uring_peek_cqe(ring.get(), &cqe), -EAGAIN);
	CHECK_EQ(io_uring_wait_cqe_timeout(ring.get(), &cqe, &ts), -ETIME);
	std::unique_ptr<io_uring_probe, void (*)(io_uring_probe *)> probe(io_uring_get_probe(), io_uring_free_probe);
	CHECK(probe != nullptr);
	CHECK(io_uring_opcode_supported(probe.get(), IORING_OP_READ));
	CHECK(!io_uring_cq_has_overflow(ring.get()));
	CHECK(!io_uring_check_version(IO_URING_VERSION_MAJOR, IO_URING_VERSION_MINOR));
}

TEST(a_helper_s_address_is_the_exported_function)
{
	Ring ring(8);
	// What a binding generator or a table of functions does: no inlining here.
	void (*volatile prep)(io_uring_sqe *) = io_uring_prep_nop;
	io_uring_sqe *(*volatile get)(io_uring *) = io_uring_get_sqe;

	prep(get(ring.get()));
	CHECK_EQ(run_one(ring.get()), 0);
}

TEST(buffer_rings_work_from_cpp, .part2 = true)
{
	Ring ring(8);
	std::vector<unsigned char> area(4 * 64);
	int sv[2], err = 1;

	pair_up(SOCK_STREAM, sv);
	io_uring_buf_ring *br = io_uring_setup_buf_ring(ring.get(), 4, 1, 0, &err);
	CHECK(br != nullptr);
	CHECK_EQ(err, 0);
	for (int i = 0; i < 4; i++)
		io_uring_buf_ring_add(br, &area[static_cast<size_t>(i) * 64], 64, static_cast<unsigned short>(i), io_uring_buf_ring_mask(4), i);
	io_uring_buf_ring_advance(br, 4);
	write_all(sv[0], "data", 4);
	io_uring_sqe *sqe = io_uring_get_sqe(ring.get());
	io_uring_prep_recv(sqe, sv[1], nullptr, 64, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, 1);
	CHECK_EQ(run_one(ring.get()), 4);
	CHECK_MEM(area.data(), "data", 4);
	CHECK_EQ(io_uring_free_buf_ring(ring.get(), br, 4, 1), 0);
}
