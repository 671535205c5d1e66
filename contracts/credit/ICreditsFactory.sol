// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes the credits of runs, all on the same terms.
/// @notice A share token knows the address of its credits from the beginning; anyone may have them put there, at any time.
interface ICreditsFactory {
    error ZeroSupply();
    error PartBeyondWhole(uint32 part, uint32 whole);

    event CreditsCreated(address indexed shareToken, address credits);

    /// @notice Makes the credits of a share token, once.
    function create(address shareToken) external returns (address credits);

    /// @notice Where the credits of a share token are, or will be.
    function creditsOf(address shareToken) external view returns (address);

    function supply() external view returns (uint64);

    /// @notice What the owners get of what is spent, out of 1e6.
    function ownersShare() external view returns (uint32);
}
