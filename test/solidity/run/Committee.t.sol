// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {drawCommittee, neededUp} from "../../../contracts/run/Committee.sol";
import {Tally} from "../../../contracts/run/Tally.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {vm} from "../lib/Vm.sol";

contract CommitteeTest {
    Tally private _tally;

    function nameOnce(uint256 members) public {
        _tally.name(MemberSet.wrap(members));
    }

    function test_drawCommittee_isOfTheMembers_andAsLargeAsItsSeats(
        uint256 members,
        uint8 seats,
        bytes32 seed
    ) public pure {
        seats %= 32;
        MemberSet drawn = drawCommittee(MemberSet.wrap(members), seats, seed);
        uint256 count = MemberSet.wrap(members).count();
        require(drawn.isWithin(MemberSet.wrap(members)));
        require(drawn.count() == (count < seats ? count : seats));
    }

    function test_drawCommittee_drawsEveryMemberAlikeOften() public pure {
        uint256[8] memory times;
        for (uint256 i = 0; i < 800; ++i) {
            MemberSet drawn = drawCommittee(MemberSet.wrap(0x8000_0000_0421_1111), 3, keccak256(abi.encode(i)));
            uint8[8] memory indices = [0, 4, 8, 12, 16, 21, 26, 63];
            for (uint256 k = 0; k < 8; ++k) if (drawn.has(indices[k])) ++times[k];
        }
        // 300 of 800 each, within five standard deviations.
        for (uint256 k = 0; k < 8; ++k) require(times[k] > 230 && times[k] < 370);
    }

    function test_neededUp_isTwoThirdsAndNeverNobody() public pure {
        uint8[8] memory expected = [0, 1, 2, 2, 3, 4, 4, 5];
        for (uint256 members = 0; members < 8; ++members) require(neededUp(members, 16, 24) == expected[members]);
        require(neededUp(24, 16, 24) == 16 && neededUp(31, 16, 31) == 16);
    }

    function test_indexAt_isTheInverseOfRank(uint256 members) public pure {
        MemberSet set = MemberSet.wrap(members);
        uint256 count = set.count();
        for (uint256 rank = 0; rank < count; rank += 1 + count / 8) {
            uint8 index = set.indexAt(rank);
            require(set.has(index) && set.rankOf(index) == rank);
        }
    }

    function test_tally_countsLikeOneCounterForEachMember(bytes32 seed) public {
        uint256[256] memory counts;
        uint256 times = uint256(seed) % 32;
        for (uint256 i = 0; i < times; ++i) {
            uint256 members = uint256(keccak256(abi.encode(seed, i))) | 1;
            nameOnce(members);
            for (uint256 index = 0; index < 256; ++index) counts[index] += (members >> index) & 1;
        }
        for (uint256 least = 0; least < 32; ++least) {
            MemberSet named = _tally.namedAtLeast(least);
            for (uint256 index = 0; index < 256; ++index) require(named.has(uint8(index)) == (counts[index] >= least));
        }
    }

    function test_tally_namesNobodyThirtyTwoTimes() public {
        for (uint256 i = 0; i < 31; ++i) nameOnce(5);
        require(MemberSet.unwrap(_tally.namedAtLeast(31)) == 5);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x32));
        this.nameOnce(4);
        nameOnce(2);
    }
}
