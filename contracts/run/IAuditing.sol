// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What the contracts that audit are made with.
interface IAuditing {
    function stake() external view returns (address);

    function claims() external view returns (address);

    function runs() external view returns (address);
}
