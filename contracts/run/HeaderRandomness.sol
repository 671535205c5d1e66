// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";

import {IRandomness} from "./IRandomness.sol";

/// @title The randomness of Ethereum's proposers, read from a later block's header. For Ethereum itself.
/// @notice A ticket is the height `DELAY` blocks after the one it was asked in; the answer is that header's mixHash
/// (prevRandao). Anyone proves the header while the chain still knows its hash, for `REACH` blocks (EIP-2935), about a
/// day; what nobody proved by then is LOST.
///
/// What is trusted: each proposer of two epochs mixes in a signature that nobody else can make, so one honest proposer
/// among them is enough that nobody knows the answer when it is asked for. Who proposes the last blocks before the header
/// can withhold one, at the price of its reward, and so choose between two answers, or between 2^n with n blocks.
contract HeaderRandomness is IRandomness {
    /// @notice Blocks from the request to the header that answers: two epochs.
    uint64 public constant DELAY = 64;

    /// @notice Blocks for which the chain keeps a block's hash.
    uint64 public constant REACH = 8_191;

    /// @dev Of EIP-2935; see {Blockhash}.
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    mapping(uint64 ticket => bytes32) private _answers;

    /// @notice The chain does not keep hashes for `REACH` blocks, as Ethereum does since Prague.
    error NoBlockHistory(uint256 chainId);
    error AlreadyProved(uint64 ticket);
    /// @notice The block is not there yet, or its hash is forgotten.
    error HeaderOutOfReach(uint64 height, uint256 current);
    error WrongHeader(bytes32 given, bytes32 known);
    /// @notice The fields do not stand where Ethereum's do since the merge.
    error ForeignHeader(uint256 number, uint256 difficulty);

    event Proved(uint64 indexed ticket, bytes32 mixHash);

    constructor() {
        // INVARIANT: what can be proved for a day on paper can be proved for a day.
        require(HISTORY.code.length != 0, NoBlockHistory(block.chainid));
    }

    /// @notice Proves the header that answers a ticket. Once, by anyone.
    /// @param header as the chain hashes it: the RLP list of its fields
    function prove(uint64 ticket, bytes calldata header) external {
        // INVARIANT: there is one answer to a ticket.
        require(_answers[ticket] == bytes32(0), AlreadyProved(ticket));
        bytes32 known = Blockhash.blockHash(ticket);
        require(known != bytes32(0), HeaderOutOfReach(ticket, block.number));
        // INVARIANT: the header is the chain's own, byte for byte, so there is no second encoding of it.
        require(keccak256(header) == known, WrongHeader(keccak256(header), known));
        Memory.Slice[] memory fields = BlockHeader.parseHeader(header);
        (uint256 number, uint256 difficulty) = (BlockHeader.getNumber(fields), BlockHeader.getDifficulty(fields));
        // INVARIANT: a mixHash is randomness only where blocks are proposed, not mined.
        require(number == ticket && difficulty == 0, ForeignHeader(number, difficulty));

        bytes32 mixHash = BlockHeader.getPrevRandao(fields);
        _answers[ticket] = keccak256(abi.encode(mixHash, ticket));

        emit Proved(ticket, mixHash);
    }

    /// @inheritdoc IRandomness
    function request() external view returns (uint64 ticket) {
        return uint64(block.number) + DELAY;
    }

    /// @inheritdoc IRandomness
    function read(uint64 ticket) external view returns (Draw draw, bytes32 value) {
        value = _answers[ticket];
        if (value != bytes32(0)) return (Draw.READY, value);
        return (block.number > uint256(ticket) + REACH ? Draw.LOST : Draw.PENDING, bytes32(0));
    }

    /// @inheritdoc IRandomness
    function source() external pure returns (string memory) {
        return "l1";
    }
}
