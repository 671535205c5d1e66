// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchPosition} from "../../../contracts/data/BatchPosition.sol";

/// @dev The vectors of test/fixtures/batch-positions.json, which test/engine/data/batches.ts holds the engine to.
contract BatchPositionTest {
    error PositionDiffers(uint32 row, uint64 position, uint64 expected);

    function test_position_isTheOneOfTheEngine() external pure {
        uint64[8] memory expected = [uint64(657020), 945806, 525942, 505693, 42624, 649807, 773126, 623335];
        bytes32 seed = hex"1111111111111111111111111111111111111111111111111111111111111111";
        for (uint32 row = 0; row < 8; row++) {
            check(seed, 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266, 0, row, 1_003_854 - 128, expected[row]);
        }
    }

    function test_position_isTheOneOfTheEngineAtTheLimits() external pure {
        bytes32 seed = bytes32(type(uint256).max);
        address last = address(type(uint160).max);
        check(seed, last, type(uint32).max, 0, 2 ** 40 - 4096, 136714030492);
        check(seed, last, type(uint32).max, 1, 2 ** 40 - 4096, 581763282948);
        check(bytes32(0), address(0), 0, 3, 1000 - 64, 50);
    }

    function testFuzz_position_isWithinTheSpan(bytes32 seed, address member, uint32 step, uint64 span) external pure {
        if (span == 0) return;
        uint64 position = BatchPosition.position(seed, member, step, 0, span);
        if (position >= span) revert PositionDiffers(0, position, span);
    }

    function check(bytes32 seed, address member, uint32 step, uint32 row, uint64 span, uint64 expected) private pure {
        uint64 position = BatchPosition.position(seed, member, step, row, span);
        if (position != expected) revert PositionDiffers(row, position, expected);
    }
}
