// sha1: the hash of a message of up to 55 bytes (FIPS 180-4), which is what a tree of uts needs.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bench {

using sha1_digest = std::array<std::uint8_t, 20>;

class sha1_block {
 public:
  explicit sha1_block(std::span<const std::uint8_t> message) noexcept {
    for (std::size_t i = 0; i < message.size(); ++i) add(i, message[i]);
    add(message.size(), 0x80);
    words_[15] = static_cast<std::uint32_t>(message.size() * 8);
    for (std::size_t i = 16; i < 80; ++i) {
      words_[i] = std::rotl(words_[i - 3] ^ words_[i - 8] ^ words_[i - 14] ^ words_[i - 16], 1);
    }
  }

  sha1_digest digest() noexcept {
    const std::array<std::uint32_t, 5> start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                                0xc3d2e1f0};
    state_ = start;
    rounds(0, 0x5a827999, [](auto b, auto c, auto d) { return (b & c) | (~b & d); });
    rounds(20, 0x6ed9eba1, [](auto b, auto c, auto d) { return b ^ c ^ d; });
    rounds(40, 0x8f1bbcdc, [](auto b, auto c, auto d) { return (b & c) | (b & d) | (c & d); });
    rounds(60, 0xca62c1d6, [](auto b, auto c, auto d) { return b ^ c ^ d; });
    sha1_digest bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const std::uint32_t word = start[i / 4] + state_[i / 4];
      bytes[i] = static_cast<std::uint8_t>(word >> (24 - i % 4 * 8));
    }
    return bytes;
  }

 private:
  void add(std::size_t at, std::uint8_t byte) noexcept {
    words_[at / 4] |= std::uint32_t{byte} << (24 - at % 4 * 8);
  }

  template <class Mix>
  void rounds(std::size_t first, std::uint32_t constant, Mix mix) noexcept {
    auto [a, b, c, d, e] = state_;
    for (std::size_t i = first; i < first + 20; ++i) {
      const std::uint32_t next = std::rotl(a, 5) + mix(b, c, d) + e + constant + words_[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    state_ = {a, b, c, d, e};
  }

  std::array<std::uint32_t, 80> words_{};
  std::array<std::uint32_t, 5> state_{};
};

}  // namespace bench
