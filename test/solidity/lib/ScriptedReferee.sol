// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReferee} from "../../../contracts/claim/referee/IReferee.sol";

/// @dev A referee that finds what it is told, and only where it is asked about the right thing.
contract ScriptedReferee is IReferee {
    Finding private _finding;
    bytes32 private _expected;

    function find(bool fault, uint32 bits) external {
        _finding = Finding(fault, bits);
    }

    /// @dev What the next question has to be.
    function expect(bytes calldata descriptor, uint256 element, Context calldata context) external {
        _expected = keccak256(abi.encode(descriptor, element, context));
    }

    function evaluate(
        bytes calldata descriptor,
        uint256 element,
        Context calldata context,
        Evidence calldata
    ) external view returns (Finding memory) {
        bool isExpected = _expected == 0 || _expected == keccak256(abi.encode(descriptor, element, context));
        require(isExpected, "another question");
        return _finding;
    }
}
