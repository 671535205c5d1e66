// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title One address that names the others.
/// @notice Deploys the contracts, each with the addresses of those it trusts fixed for ever, and does nothing else.
interface IProtocol {
    function stake() external view returns (address);

    function claims() external view returns (address);

    function runs() external view returns (address);

    function ownership() external view returns (address);

    function availability() external view returns (address);

    function game() external view returns (address);

    function verdicts() external view returns (address);
}
