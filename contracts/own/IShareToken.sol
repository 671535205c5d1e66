// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The share token of one run: ERC-20 with permit (ERC-2612) and votes (ERC-5805, clock: timestamp).
/// @notice Minted by the ownership contract alone, never beyond the cap. Once the run has credits, every transfer has them
/// settle both sides.
interface IShareToken {
    error NotOwnership(address caller, address ownership);
    error CapExceeded(uint256 supply, uint256 cap);

    /// @notice Ownership contract only.
    function mint(address to, uint256 amount) external;

    function ownership() external view returns (address);

    /// @notice S: the most there will ever be.
    function cap() external view returns (uint256);

    /// @notice What the owners get of the credits that are spent, out of 1e6; the servers get the rest.
    function ownersShare() external view returns (uint32);

    /// @notice Where the run's credits are, or will be: {ICreditsFactory}.
    function credits() external view returns (address);
}
