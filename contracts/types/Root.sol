// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A commitment: a tensor, state, recipe or payload root.
type Root is bytes32;

using {same as ==, differs as !=, isUnset} for Root global;

function same(Root a, Root b) pure returns (bool) {
    return Root.unwrap(a) == Root.unwrap(b);
}

function differs(Root a, Root b) pure returns (bool) {
    return Root.unwrap(a) != Root.unwrap(b);
}

function isUnset(Root root) pure returns (bool) {
    return Root.unwrap(root) == bytes32(0);
}
