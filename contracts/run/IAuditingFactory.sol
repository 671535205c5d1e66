// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes one of the contracts of a new protocol that audit, once for the same arguments. Keeps nothing.
interface IAuditingFactory {
    /// @notice Creates it among contracts that may not exist yet, unless it is there. Anyone may call.
    function create(address stake, address claims, address runs) external returns (address auditing);

    /// @notice Where it is, or will be.
    function addressOf(address stake, address claims, address runs) external view returns (address auditing);
}
