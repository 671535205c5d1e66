// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Openings} from "../claim/referee/Openings.sol";
import {IAvailability} from "./IAvailability.sol";

/// @title The messages under a root, one after another: a walk of the whole tree that can stop and go on anywhere.
/// @dev What a message is, its first byte says (see {Openings}); so no layout is needed to know when the tree is complete.
library Pieces {
    /// @dev A message of a node: its byte, left, right. Others are told by their own lengths.
    uint256 private constant NODE_BYTES = 65;

    /// @notice Follows the pieces from a stack of pending hashes, the top at its end. Returns the stack that is left.
    function follow(bytes32[] calldata pending, bytes calldata pieces) internal pure returns (bytes32[] memory stack) {
        // A node leaves one hash more than there was, and takes its bytes.
        stack = new bytes32[](pending.length + pieces.length / NODE_BYTES);
        uint256 height = pending.length;
        for (uint256 i = 0; i < height; ++i) stack[i] = pending[i];

        height = _withoutPadding(stack, height);
        for (uint256 offset = 0; offset < pieces.length;) {
            require(height != 0, IAvailability.NothingPending(offset));
            bytes calldata piece = _pieceAt(pieces, offset);
            bytes32 given = sha256(piece);
            bytes32 expected = stack[--height];
            require(given == expected, IAvailability.WrongPiece(offset, given, expected));

            uint8 kind = uint8(piece[0]);
            if (kind == 1) {
                stack[height++] = bytes32(piece[33:65]);
                stack[height++] = bytes32(piece[1:33]);
            } else if (kind == 3) {
                stack[height++] = bytes32(piece[piece.length - 32:]);
            }
            offset += piece.length;
            height = _withoutPadding(stack, height);
        }
        assembly ("memory-safe") {
            mstore(stack, height)
        }
    }

    /// @dev A leaf with its length, a node, or a tensor with its rank.
    function _pieceAt(bytes calldata pieces, uint256 offset) private pure returns (bytes calldata piece) {
        piece = pieces[offset:];
        uint256 length = type(uint256).max;
        uint8 kind = uint8(piece[0]);
        if (kind == 1) length = NODE_BYTES;
        else if (kind == 0 && piece.length >= 5) length = 5 + uint256(uint32(bytes4(piece[1:5])));
        else if (kind == 3 && piece.length >= 3) length = 35 + 4 * uint256(uint8(piece[2]));
        require(length <= piece.length, IAvailability.NoPiece(offset));
        return piece[:length];
    }

    function _withoutPadding(bytes32[] memory stack, uint256 height) private pure returns (uint256) {
        while (height != 0 && stack[height - 1] == Openings.EMPTY) --height;
        return height;
    }
}
