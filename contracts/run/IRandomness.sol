// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Randomness that nobody knows when it is asked for, and that is drawn once.
interface IRandomness {
    /// @dev LOST: it was not read in time and never will be; there is no second draw.
    enum Draw {
        PENDING,
        READY,
        LOST
    }

    /// @notice Fixes now which later randomness will answer.
    function request() external returns (uint64 ticket);

    /// @notice The answer to a ticket, the same for ever once READY, unless LOST. `value` is zero unless READY.
    function read(uint64 ticket) external view returns (Draw draw, bytes32 value);

    /// @notice Where it comes from, and so what it takes to prove an answer: "development", "l1" or "drand".
    function source() external view returns (string memory);
}
