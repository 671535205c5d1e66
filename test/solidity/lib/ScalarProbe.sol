// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Scalars} from "../../../contracts/claim/referee/Scalars.sol";

/// @dev Thousands of applications of one operator in one call, for the comparison with the reference.
contract ScalarProbe {
    uint256 private constant PAIR = 8;

    /// @param operands pairs of big-endian words
    /// @return results for each pair a word that is one for a fault, and the word of the result
    /// @return gasUsed by the evaluators and this loop
    function scalars(
        uint16 opcode,
        int32[8] calldata attributes,
        bytes calldata operands
    ) external view returns (bytes memory results, uint256 gasUsed) {
        int32[8] memory held = attributes;
        results = new bytes(operands.length);
        uint256 before = gasleft();
        for (uint256 offset = 0; offset < operands.length; offset += PAIR) {
            uint64 pair = uint64(bytes8(operands[offset:]));
            (bool fault, uint32 bits) = Scalars.scalar(opcode, uint32(pair >> 32), uint32(pair), held);
            bytes8 result = bytes8((fault ? uint64(1) << 32 : 0) | bits);
            assembly ("memory-safe") {
                let target := add(add(results, 32), offset)
                mstore(target, or(shr(64, shl(64, mload(target))), result))
            }
        }
        gasUsed = before - gasleft();
    }
}
