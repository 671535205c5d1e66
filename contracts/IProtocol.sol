// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title One address that names the others.
/// @notice Each has the addresses of those it trusts fixed for ever. Stake, claims and runs are created with this contract; the
/// other five by their factories, in transactions of their own, since a transaction's gas is limited. Their addresses follow
/// from their code and arguments, so anyone may have them created, and nobody anything else in their place; until they are
/// there, every call that needs one of them fails.
interface IProtocol {
    function stake() external view returns (address);

    function claims() external view returns (address);

    function runs() external view returns (address);

    function ownership() external view returns (address);

    function availability() external view returns (address);

    function game() external view returns (address);

    function verdicts() external view returns (address);

    function receipts() external view returns (address);
}
