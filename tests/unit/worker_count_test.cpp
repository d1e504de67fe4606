#include "../../scheduler/worker_count.hpp"

#include "../../scheduler/sync.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace silk::scheduler {
namespace {

namespace fs = std::filesystem;

constexpr const char* v2_mount = "30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";
constexpr const char* v1_mount =
    "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 master:2 - cgroup cgroup rw,cpu,cpuacct\n";

// A file system of our own making, below a temporary directory.
class cgroup_cpu_limit_test : public ::testing::Test {
 protected:
  cgroup_cpu_limit_test() {
    std::string name = (fs::temp_directory_path() / "silk-cgroup-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    root = name;
  }
  ~cgroup_cpu_limit_test() override { fs::remove_all(root); }

  void write(const std::string& file, const std::string& content) {
    const fs::path path = root / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  void write_process(const std::string& mounts, const std::string& cgroups) {
    write("proc/self/mountinfo",
          "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n" + mounts);
    write("proc/self/cgroup", cgroups);
  }
  void write_v1(const std::string& cgroup, const std::string& quota, const std::string& period) {
    write(cgroup + "/cpu.cfs_quota_us", quota);
    write(cgroup + "/cpu.cfs_period_us", period);
  }

  fs::path root;
};

TEST_F(cgroup_cpu_limit_test, v2_quota_counts_in_whole_cpus) {
  write_process(v2_mount, "0::/app.slice\n");
  write("sys/fs/cgroup/app.slice/cpu.max", "200000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 2u);
}

TEST_F(cgroup_cpu_limit_test, part_of_a_cpu_counts_as_a_cpu) {
  write_process(v2_mount, "0::/app\n");
  write("sys/fs/cgroup/app/cpu.max", "250001 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 3u);
  write("sys/fs/cgroup/app/cpu.max", "1000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 1u);
}

TEST_F(cgroup_cpu_limit_test, v2_max_is_no_limit) {
  write_process(v2_mount, "0::/app\n");
  write("sys/fs/cgroup/app/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, v2_the_tightest_ancestor_counts) {
  write_process(v2_mount, "0::/a/b/c\n");
  write("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 3u);
}

TEST_F(cgroup_cpu_limit_test, v2_root_of_a_container_counts) {
  write_process(v2_mount, "0::/\n");
  write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 2u);
}

TEST_F(cgroup_cpu_limit_test, v2_siblings_do_not_count) {
  write_process(v2_mount, "0::/a\n");
  write("sys/fs/cgroup/b/cpu.max", "100000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, v1_quota_and_period_are_two_files) {
  write_process(v1_mount, "5:memory:/app\n4:cpu,cpuacct:/app\n1:name=systemd:/\n");
  write_v1("sys/fs/cgroup/cpu,cpuacct/app", "350000\n", "50000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 7u);
}

TEST_F(cgroup_cpu_limit_test, v1_the_tightest_ancestor_counts) {
  write_process(v1_mount, "4:cpu,cpuacct:/a/b\n");
  write_v1("sys/fs/cgroup/cpu,cpuacct/a", "200000\n", "100000\n");
  write_v1("sys/fs/cgroup/cpu,cpuacct/a/b", "-1\n", "100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 2u);
}

TEST_F(cgroup_cpu_limit_test, v1_controllers_with_similar_names_do_not_count) {
  write_process("32 23 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n",
                "4:cpuset:/app\n");
  write_v1("sys/fs/cgroup/cpuset/app", "100000\n", "100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, hybrid_takes_the_tighter_hierarchy) {
  const std::string unified =
      "33 23 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";
  write_process(v1_mount + unified, "4:cpu,cpuacct:/app\n0::/app.slice\n");
  write_v1("sys/fs/cgroup/cpu,cpuacct/app", "400000\n", "100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 4u);
  write("sys/fs/cgroup/unified/app.slice/cpu.max", "200000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 2u);
}

TEST_F(cgroup_cpu_limit_test, a_mount_may_show_only_the_container_s_part) {
  write_process("32 23 0:28 /docker/42 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
                "4:cpu:/docker/42/worker\n");
  write_v1("sys/fs/cgroup/cpu", "300000\n", "100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 3u);
  write_v1("sys/fs/cgroup/cpu/worker", "100000\n", "100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 1u);
}

TEST_F(cgroup_cpu_limit_test, a_mount_of_another_cgroup_does_not_count) {
  write_process("32 23 0:28 /docker/4 /mnt/other rw - cgroup2 cgroup2 rw\n", "0::/docker/42\n");
  write("mnt/other/cpu.max", "100000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, a_mount_from_outside_the_namespace_shows_an_ancestor) {
  write_process("32 23 0:28 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "500000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 5u);
}

TEST_F(cgroup_cpu_limit_test, a_mount_from_beside_the_namespace_does_not_count) {
  write_process("32 23 0:28 /../other /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n");
  write("sys/fs/cgroup/cpu.max", "500000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, a_process_outside_its_namespace_has_no_known_limit) {
  write_process(v2_mount, "0::/../elsewhere\n");
  write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, mount_points_may_hold_spaces_and_cgroups_colons) {
  write_process("30 23 0:26 / /mnt/my\\040groups rw - cgroup2 cgroup2 rw\n", "0::/a:b\n");
  write("mnt/my groups/a:b/cpu.max", "200000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 2u);
}

TEST_F(cgroup_cpu_limit_test, malformed_quotas_are_no_limit) {
  write_process(v2_mount, "0::/app\n");
  for (const char* content :
       {"", "\n", "100000", "100000 ", "many 100000\n", "100000 0\n", "0 100000\n", "-5 100000\n",
        "100000x 100000\n", "100000 100000 7\n", "99999999999999999999999 100000\n"}) {
    write("sys/fs/cgroup/app/cpu.max", content);
    EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit) << '"' << content << '"';
  }
}

TEST_F(cgroup_cpu_limit_test, a_malformed_quota_does_not_hide_an_ancestor_s) {
  write_process(v2_mount, "0::/a/b\n");
  write("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  write("sys/fs/cgroup/a/b/cpu.max", "nonsense\n");
  EXPECT_EQ(cgroup_cpu_limit(root), 2u);
}

TEST_F(cgroup_cpu_limit_test, malformed_process_files_are_no_limit) {
  write_process("- cgroup2\n\n30 23 0:26 /\n30 23 0:26 / /sys/fs/cgroup rw - cgroup2\n",
                "nonsense\n\n:\n0:\n::\n");
  write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, half_of_a_v1_limit_is_no_limit) {
  write_process(v1_mount, "4:cpu,cpuacct:/app\n");
  write("sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, a_huge_quota_does_not_overflow) {
  write_process(v2_mount, "0::/\n");
  write("sys/fs/cgroup/cpu.max", "9223372036854775807 1\n");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST_F(cgroup_cpu_limit_test, no_cgroups_at_all_is_no_limit) {
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
  write_process("", "");
  EXPECT_EQ(cgroup_cpu_limit(root), no_cpu_limit);
}

TEST(affinity_cpu_count, counts_the_cpus_the_thread_may_run_on) {
  unsigned counted = 0;
  sync::thread([&] {
    cpu_set_t all, one;
    ASSERT_EQ(::sched_getaffinity(0, sizeof(all), &all), 0);
    std::size_t first = 0;
    while (!CPU_ISSET(first, &all)) ++first;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
    counted = affinity_cpu_count();
  }).join();
  EXPECT_EQ(counted, 1u);
}

TEST(affinity_cpu_count, asks_with_larger_sets_when_the_machine_is_larger) {
  const affinity_call large_machine = [](pid_t, std::size_t bytes, cpu_set_t* set) {
    constexpr std::size_t cpus = 5000;
    if (bytes * 8 < cpus) {
      errno = EINVAL;
      return -1;
    }
    for (std::size_t cpu = 0; cpu < cpus; cpu += 2) CPU_SET_S(cpu, bytes, set);
    return 0;
  };
  EXPECT_EQ(affinity_cpu_count(large_machine), 2500u);
}

TEST(affinity_cpu_count, is_unknown_when_the_system_will_not_say) {
  const affinity_call refused = [](pid_t, std::size_t, cpu_set_t*) {
    errno = EPERM;
    return -1;
  };
  const affinity_call never_large_enough = [](pid_t, std::size_t, cpu_set_t*) {
    errno = EINVAL;
    return -1;
  };
  EXPECT_EQ(affinity_cpu_count(refused), no_cpu_limit);
  EXPECT_EQ(affinity_cpu_count(never_large_enough), no_cpu_limit);
}

TEST(default_worker_count, is_at_least_one_and_never_more_than_the_affinity) {
  EXPECT_GE(default_worker_count(), 1u);
  EXPECT_LE(default_worker_count(), affinity_cpu_count());
}

}  // namespace
}  // namespace silk::scheduler
