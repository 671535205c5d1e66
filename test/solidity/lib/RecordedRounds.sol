// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DrandRandomness} from "../../../contracts/run/DrandRandomness.sol";

/// @dev drand's network evmnet, and rounds that it has published. They are those of test/fixtures/drand.json.
library RecordedRounds {
    struct Recorded {
        uint64 round;
        bytes signature;
    }

    bytes32 internal constant CHAIN_HASH = 0x04f1e9062b8a81f848fded9c12306733282b2727ecced50032187751166ec8c3;
    uint64 internal constant GENESIS = 1_727_521_075;
    uint32 internal constant PERIOD = 3;

    function network() internal pure returns (DrandRandomness.Network memory) {
        bytes memory key = (
            hex"07e1d1d335df83fa98462005690372c643340060d205306a9aa8106b6bd0b3820557ec32c2ad488e4d4f6008f89a346f18492092"
            hex"ccc0d594610de2732c8b808f0095685ae3a85ba243747b1b2f426049010f6b73a0cf1d389351d5aaaa1047f6297d3a4f9749b33e"
            hex"b2d904c9d9ebf17224150ddd7abd7567a9bec6c74480ee0b"
        );
        bytes32 seed = 0xcd7ad2f0e0cce5d8c288f2dd016ffe7bc8dc88dbb229b3da2b6ad736490dfed6;
        return DrandRandomness.Network(key, GENESIS, PERIOD, seed, "evmnet");
    }

    function all() internal pure returns (Recorded[5] memory rounds) {
        rounds[0] = Recorded(
            1,
            hex"11f812d738a36b2210dc88c2d635ad8039588205f42445d6de09e6530165c3462a23aca348c84badcf8df5321ac24577b7963d5b"
            hex"0d780bc4626baedb45cde373"
        );
        rounds[1] = Recorded(
            513,
            hex"06ded8c05af23042a0caf9b404c6140f9ec64adbaf82f04d5c37153e8412ed580f827c7d5ac7d02ca0bbd989d07594729bdcde7d"
            hex"6dc1001191c59dc9033d31b2"
        );
        rounds[2] = Recorded(
            9337227,
            hex"01d65d6128f4b2df3d08de85543d8efe06b0281d0770246ae3672e8ddd3efda0269373123458f0b5c0073eeed1c816a06809e127"
            hex"421513e34ee07df6987910b3"
        );
        rounds[3] = Recorded(
            12345678,
            hex"1f82751a21ca166dcc2c804ddd5846cb5f0f8f4ded7e93a8ec9b34cdc885d99a26353f2dbf384155cc898695316de8ce942f167a"
            hex"0faf3906ca066ebc7200aa86"
        );
        rounds[4] = Recorded(
            20000000,
            hex"1ad7a10ece71f082a5c931983eca674ecb297b22f9396cde3a5015b9d91795411f11d5de506f74f17645ac04a2fe6b53458a123f"
            hex"66e2fcb1e2ab86cb8c2d5409"
        );
    }
}
