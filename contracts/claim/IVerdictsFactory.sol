// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes the verdicts contract of a new protocol.
interface IVerdictsFactory {
    function create(address stake, address claims, address runs) external returns (address verdicts);
}
